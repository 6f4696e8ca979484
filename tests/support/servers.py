"""PostgreSQL and NATS servers that a test can stop and start again on the same port with the same data."""

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


@dataclass(frozen=True)
class RestartableServer:
    """A server that does not run until `run` is called."""

    url: str
    server: Server

    def run(self) -> AbstractContextManager[None]:
        """Run the server within a block and stop it at once at the end, without waiting for its clients."""
        return running(self.server)

    def process(self) -> psutil.Process:
        """Return the process of the running server."""
        [found] = [
            child
            for child in psutil.Process().children()
            if child.status() != psutil.STATUS_ZOMBIE and child.cmdline() == list(self.server.command)
        ]
        return found


@contextmanager
def restartable_postgres() -> Iterator[RestartableServer]:
    """Yield a PostgreSQL server that does not run yet. Its data is deleted at the end."""
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
            stop_signal=signal.SIGINT,  # a fast shutdown, which disconnects the clients
            identity=subprocess_identity(postgres.user),
        )
        yield RestartableServer(f"postgresql://{SUPERUSER}:secret@127.0.0.1:{port}/postgres", server)


def restartable_nats(folder: Path, **jetstream: int) -> RestartableServer:
    """Return a NATS server that does not run yet and stores its streams in `folder`.

    `jetstream` replaces settings of JetStream, for example `max_file_store=100_000` (bytes).
    """
    nats = NatsServer(free_port(), "secret", folder / "jetstream")
    settings = json.loads(nats.configuration())
    settings["jetstream"] |= jetstream
    configuration = folder / "nats.conf"
    configuration.write_text(json.dumps(settings))
    server = Server(
        command=nats.command(configuration),
        folder=folder,
        is_ready=nats.accepts_connections,
        stop_signal=signal.SIGKILL,
        identity={},
    )
    return RestartableServer(nats.url, server)
