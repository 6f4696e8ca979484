"""The block of ports that one market takes, counted from the gateway's; and who sits on one of them."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psutil

from laptop.errors import LaptopError
from laptop.home import MARKER
from topology import CANARY, SERVICES, Service

HOST = "127.0.0.1"
BLOCK = 100  # how far two markets' gateway ports must be apart
_HIGHEST = 65535 - BLOCK


@dataclass(frozen=True)
class Ports:
    """Where everything listens, all on 127.0.0.1. ``gateway`` is the PORT of `make up PORT=8080`."""

    gateway: int
    services: Sequence[Service] = SERVICES

    def __post_init__(self) -> None:
        if not 1 <= self.gateway <= _HIGHEST:
            raise LaptopError(f"PORT must be a number from 1 to {_HIGHEST}, not {self.gateway}", exit_code=2)

    @property
    def gateway_admin(self) -> int:
        """Envoy's admin interface."""
        return self.gateway + 1

    @property
    def postgres(self) -> int:
        """The database server."""
        return self.gateway + 2

    @property
    def nats(self) -> int:
        """The broker."""
        return self.gateway + 3

    @property
    def nats_monitoring(self) -> int:
        """The broker's status pages."""
        return self.gateway + 4

    @property
    def supervisor(self) -> int:
        """supervisord's control interface."""
        return self.gateway + 5

    @property
    def relief(self) -> int:
        """The admin pages of the relief of a program that is being restarted."""
        return self.gateway + 6

    @property
    def gateway_metrics(self) -> int:
        """Envoy's statistics for Prometheus."""
        return self.gateway + 7

    def sidecar_admin(self, name: str) -> int:
        """The admin interface of a service's sidecar."""
        return self.gateway + 25 + self._place(name)

    def inbound(self, name: str) -> int:
        """Where a service's sidecar listens for those who call the service."""
        return self.gateway + 60 + self._place(name)

    def sidecar_metrics(self, name: str) -> int:
        """The statistics of a service's sidecar, for Prometheus."""
        return self.gateway + 72 + self._place(name)

    def outbound(self, caller: str, callee: str) -> int:
        """Where a service's sidecar listens for the service's own calls to another."""
        return self.gateway + 84 + self._calls.index((caller, callee))

    @property
    def _calls(self) -> list[tuple[str, str]]:
        return [(service.name, callee) for service in self.services for callee in service.calls]

    def of_the_mesh(self) -> dict[int, str]:
        """Every port that is used only where there is a mesh, and what it is for."""
        names = [*(service.name for service in self.services), CANARY]
        own = {self.inbound(name): f"{name}'s sidecar" for name in names}
        admin = {self.sidecar_admin(name): f"the admin interface of {name}'s sidecar" for name in names}
        metrics = {self.sidecar_metrics(name): f"the metrics of {name}'s sidecar" for name in names}
        calls = {self.outbound(*call): f"{call[0]}'s calls to {call[1]}" for call in self._calls}
        second = {self.service(CANARY): CANARY, self.admin(CANARY): f"{CANARY}'s admin pages"}
        return {**own, **admin, **metrics, **calls, **second}

    def service(self, name: str) -> int:
        """A service's own port, gRPC or HTTP."""
        return self.gateway + 10 + self._place(name)

    def admin(self, name: str) -> int:
        """A service's port for /livez, /readyz and /metrics."""
        return self.gateway + 40 + self._place(name)

    def _place(self, name: str) -> int:
        return [*(service.name for service in self.services), CANARY].index(name)

    def all(self, *, with_mesh: bool = False) -> dict[int, str]:
        """Every port and what it is for."""
        fixed = {
            self.gateway: "the gateway",
            self.gateway_admin: "the gateway's admin interface",
            self.postgres: "PostgreSQL",
            self.nats: "NATS",
            self.nats_monitoring: "NATS's status pages",
            self.supervisor: "supervisord",
            self.relief: "whoever relieves a program",
            self.gateway_metrics: "the gateway's metrics",
        }
        own = {self.service(service.name): service.name for service in self.services}
        admin = {self.admin(service.name): f"{service.name}'s admin pages" for service in self.services}
        return {**fixed, **own, **admin, **(self.of_the_mesh() if with_mesh else {})}


def check_free(ports: Ports, *, with_mesh: bool = False) -> None:
    """Raise `LaptopError` if any port is taken: one line for each holder, with its ports and their use."""
    uses = {port: use for port, use in ports.all(with_mesh=with_mesh).items() if is_taken(port)}
    if not uses:
        return
    owners = _listeners()
    held: dict[str, list[int]] = {}
    for port in uses:
        held.setdefault(owners.get(port, _UNKNOWN), []).append(port)
    lines = [_line(owner, taken, uses) for owner, taken in held.items()]
    advice = f"Nothing was started. Take other ports: make up PORT={_next_free(ports)}"
    raise LaptopError("\n".join([*lines, advice]), exit_code=2)


_UNKNOWN = "a process of another account"
_LISTED = 3


def _line(owner: str, taken: Sequence[int], uses: Mapping[int, str]) -> str:
    if len(taken) > _LISTED:
        return f"Ports {taken[0]} to {taken[-1]}, {len(taken)} of them, are taken by {owner}."
    named = " and ".join(f"{port} (for {uses[port]})" for port in taken)
    return f"Port{'s'[: len(taken) - 1]} {named} {'is' if len(taken) == 1 else 'are'} taken by {owner}."


def is_taken(port: int) -> bool:
    """Whether somebody holds the port. Raises `LaptopError` for one that this account may not use."""
    with socket.socket() as probe:
        # As servers do: a port whose last connections are only fading away is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError as error:
            raise LaptopError(
                f"Port {port} may not be used by this account: {error.strerror}.", exit_code=2
            ) from None
        except OSError:
            return True
    return False


def _listeners() -> dict[int, str]:
    """Who listens where, as far as this account may know."""
    found: dict[int, str] = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            for connection in process.net_connections(kind="tcp"):
                if connection.status == psutil.CONN_LISTEN:
                    found.setdefault(connection.laddr.port, _described(process))
    return found


def _described(process: psutil.Process) -> str:
    market = process.environ().get(MARKER)
    if market:
        return f"the market in {market}"
    command = " ".join(process.cmdline()) or process.name()
    return f"process {process.pid}: {command if len(command) < 100 else command[:97] + '...'}"


def _next_free(ports: Ports) -> int:
    candidates = range(ports.gateway + 1000, _HIGHEST, 1000)
    blocks = {port: Ports(port, ports.services).all(with_mesh=True) for port in candidates}
    whole = (port for port, block in blocks.items() if not any(is_taken(other) for other in block))
    return next(whole, ports.gateway)
