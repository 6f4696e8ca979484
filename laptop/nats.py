"""NATS with JetStream: its configuration, how it is run, throw-away servers."""

from __future__ import annotations

import contextlib
import json
import secrets
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from laptop import wheels
from laptop.throwaway import Server, free_port, running, temporary_folder

USER = "market"
STORAGE = 1 << 30  # bytes that the streams may take on disk


@dataclass(frozen=True)
class Broker:
    """One NATS server on 127.0.0.1: its port, its password, where its streams are kept and how many bytes they
    may take there, its status port."""

    port: int
    password: str
    store: Path
    monitoring_port: int | None = None
    storage: int = STORAGE

    @property
    def url(self) -> str:
        """What clients connect to."""
        return f"nats://{USER}:{self.password}@127.0.0.1:{self.port}"

    def configuration(self) -> str:
        """The server's configuration; NATS reads JSON."""
        settings: dict[str, object] = {
            "listen": f"127.0.0.1:{self.port}",
            "authorization": {"user": USER, "password": self.password},
            "jetstream": {
                "store_dir": str(self.store),
                "max_memory_store": 64 << 20,
                "max_file_store": self.storage,
            },
        }
        if self.monitoring_port is not None:
            settings["http"] = f"127.0.0.1:{self.monitoring_port}"
        return json.dumps(settings, indent=2) + "\n"


def server_command(configuration: Path) -> list[str]:
    """The command line of a server with this configuration file."""
    return [str(wheels.nats_server()), "--config", str(configuration)]


def accepts_connections(port: int) -> bool:
    """Whether the server on this port greets a client."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            return connection.recv(4) == b"INFO"
    except OSError:
        return False


@contextlib.contextmanager
def temporary_nats() -> Iterator[str]:
    """Run a throw-away server with JetStream for the length of a ``with`` block and give its URL.

    Nothing of it stays, neither processes nor files, even if the process that asked for it is killed.
    """
    with temporary_folder("market-nats-") as folder:
        broker = Broker(free_port(), secrets.token_hex(8), folder / "jetstream")
        configuration = folder / "nats.conf"
        configuration.write_text(broker.configuration())
        server = Server(
            command=server_command(configuration),
            folder=folder,
            is_ready=lambda: accepts_connections(broker.port),
            stop_signal=signal.SIGKILL,
            identity={},
        )
        with running(server):
            yield broker.url
