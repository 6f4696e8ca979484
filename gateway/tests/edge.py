"""Run the real Envoy with the real configuration, on free ports of the loopback interface."""

from __future__ import annotations

import contextlib
import json
import signal
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import yaml

from laptop import binaries
from laptop.ephemeral import Server, free_port, running, temporary_folder
from laptop.gateway import localized

GATEWAY = Path(__file__).resolve().parents[1]
HOST = "127.0.0.1"
SERVICES = ("accounts", "cart", "catalog", "inventory", "orders", "recommendations", "storefront")
Documents = dict[str, Any]
Change = Callable[[Documents], None]


@dataclass(frozen=True)
class Edge:
    """A running gateway."""

    port: int
    admin_port: int
    metrics_port: int
    log: Path

    @property
    def url(self) -> str:
        """The base URL for clients."""
        return f"http://{HOST}:{self.port}"

    def counter(self, name: str) -> int:
        """Return the value of one of Envoy's statistics; 0 if it has never been incremented."""
        address = f"http://{HOST}:{self.admin_port}/stats?format=json&filter=^{name}$"
        return sum(entry.get("value", 0) for entry in requests.get(address, timeout=5).json()["stats"])

    def access_log(self) -> list[dict[str, Any]]:
        """Return every line of the access log so far."""
        lines = self.log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith('{"')]


def local_copy(
    folder: Path, ports: Mapping[str, int], port: int = 8080, admin_port: int = 9901, metrics_port: int = 9902
) -> Documents:
    """Return the configuration files by name, changed to run from `folder` on 127.0.0.1.

    A service uses its port in `ports`. If it has none, it keeps its host name, which does not resolve here.
    """
    names = {(name, 8000) for name in SERVICES} | {("otel-collector", 4318)}
    addresses = {name: (HOST, ports[name[0]]) if name[0] in ports else name for name in names}
    addresses |= {
        ("0.0.0.0", 8080): (HOST, port),
        ("0.0.0.0", 9902): (HOST, metrics_port),
        (HOST, 9901): (HOST, admin_port),
    }
    files = GATEWAY.glob("*.yaml")
    return {path.name: localized(yaml.safe_load(path.read_text()), addresses, folder) for path in files}


def connection_manager(documents: Documents) -> Any:
    """Return the connection manager of a configuration."""
    listener = documents["listener.yaml"]["resources"][0]
    return listener["filter_chains"][0]["filters"][0]["typed_config"]


def http_filter(documents: Documents, name: str) -> Any:
    """Return the configuration of the HTTP filter of this name."""
    filters = connection_manager(documents)["http_filters"]
    return next(part["typed_config"] for part in filters if part["name"] == f"envoy.filters.http.{name}")


def unchanged(documents: Documents) -> None:
    """Leave the configuration unchanged."""


@contextlib.contextmanager
def running_edge(services: Mapping[str, int], change: Change = unchanged) -> Iterator[Edge]:
    """Run Envoy with the services at these ports until the end of the `with` block.

    `change` edits the configuration first, for example to shorten a timeout.
    """
    with temporary_folder("market-gateway-") as folder:
        port, admin_port, metrics_port = free_port(), free_port(), free_port()
        documents = local_copy(folder, services, port, admin_port, metrics_port)
        change(documents)
        for name, document in documents.items():
            (folder / name).write_text(json.dumps(document))
        server = Server(
            command=[
                str(binaries.envoy()),
                "--config-path",
                str(folder / "envoy.yaml"),
                "--concurrency",
                "1",
                "--disable-hot-restart",
                "--log-level",
                "warn",
                "--file-flush-interval-msec",
                "50",
            ],
            folder=folder,
            is_ready=lambda: _answers(port),
            stop_signal=signal.SIGTERM,
            identity={},
        )
        with running(server):
            yield Edge(port, admin_port, metrics_port, folder / "server.log")


def _answers(port: int) -> bool:
    try:
        return requests.get(f"http://{HOST}:{port}/healthz", timeout=2).status_code == 200
    except requests.ConnectionError:
        return False
