"""Servers that a test can stop and start again on the same port, with the same data."""

import json
import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from laptop.ephemeral import Server, free_port, running, temporary_folder
from laptop.postgres import SUPERUSER, accepts_connections, initialize, installation
from laptop.postgres import server_command as postgres_command
from laptop.processes import subprocess_identity
from laptop.stack import NatsServer
from messaging.nats import NatsConnection


@dataclass(frozen=True)
class OwnServer:
    """Where the server is, and how it is run."""

    url: str
    server: Server

    def run(self) -> AbstractContextManager[None]:
        """A block in which the server runs; it is cut off at the end."""
        return running(self.server)

    def process(self) -> psutil.Process:
        """Its process, while it runs."""
        [found] = [
            child
            for child in psutil.Process().children()
            if child.status() != psutil.STATUS_ZOMBIE and child.cmdline() == list(self.server.command)
        ]
        return found


@contextmanager
def own_postgres() -> Iterator[OwnServer]:
    """A PostgreSQL server, not running yet."""
    with temporary_folder("market-postgres-") as folder:
        postgres = installation(copy_to=folder / "postgresql")
        if postgres.user:
            postgres.user.own(folder)
        data, port = folder / "data", free_port()
        initialize(postgres, data, "secret")
        settings = {"fsync": "off", "shared_buffers": "16MB"}
        server = Server(
            command=postgres_command(postgres, data, port, settings),
            folder=folder,
            is_ready=lambda: accepts_connections(data),
            stop_signal=signal.SIGINT,  # without waiting for its clients
            identity=subprocess_identity(postgres.user),
        )
        yield OwnServer(f"postgresql://{SUPERUSER}:secret@127.0.0.1:{port}/postgres", server)


@contextmanager
def connected(url: str) -> Iterator[NatsConnection]:
    """A connection to a broker that need not run yet."""
    nats = NatsConnection(url, "test")
    nats.start()
    try:
        yield nats
    finally:
        nats.stop()


def own_broker(folder: Path, **jetstream: int) -> OwnServer:
    """A NATS server that keeps its streams in the folder, not running yet; with other settings of JetStream."""
    broker = NatsServer(free_port(), "secret", folder / "jetstream")
    settings = json.loads(broker.configuration())
    settings["jetstream"] |= jetstream
    configuration = folder / "nats.conf"
    configuration.write_text(json.dumps(settings))
    server = Server(
        command=broker.command(configuration),
        folder=folder,
        is_ready=broker.accepts_connections,
        stop_signal=signal.SIGKILL,
        identity={},
    )
    return OwnServer(broker.url, server)
