"""The block of ports that one stack uses, counted from the gateway's port, and the check that they are free."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psutil

from laptop import LaptopError
from laptop.state_dir import MARKER
from topology import CANARY, SERVICES, Service

HOST = "127.0.0.1"
BLOCK = 100  # minimum distance between the gateway ports of two stacks
_MAX_GATEWAY_PORT = 65535 - BLOCK
_MAX_LISTED = 3  # ports that an error names one by one
_UNKNOWN_OWNER = "a process of another user"


@dataclass(frozen=True)
class Ports:
    """The ports of a stack, all on 127.0.0.1. ``gateway`` is the PORT of `make up PORT=8080`.

    Raises `LaptopError` if that is out of range.
    """

    gateway: int
    services: Sequence[Service] = SERVICES

    def __post_init__(self) -> None:
        if not 1 <= self.gateway <= _MAX_GATEWAY_PORT:
            raise LaptopError(
                f"PORT must be a number from 1 to {_MAX_GATEWAY_PORT}, not {self.gateway}", exit_code=2
            )

    @property
    def gateway_admin(self) -> int:
        """The gateway's admin interface."""
        return self.gateway + 1

    @property
    def postgres(self) -> int:
        """PostgreSQL."""
        return self.gateway + 2

    @property
    def nats(self) -> int:
        """NATS."""
        return self.gateway + 3

    @property
    def nats_monitoring(self) -> int:
        """The monitoring endpoint of NATS."""
        return self.gateway + 4

    @property
    def supervisor(self) -> int:
        """supervisord's XML-RPC interface."""
        return self.gateway + 5

    @property
    def standby(self) -> int:
        """The admin port of the standby instance during a restart."""
        return self.gateway + 6

    @property
    def gateway_metrics(self) -> int:
        """The gateway's metrics for Prometheus."""
        return self.gateway + 7

    def sidecar_admin(self, name: str) -> int:
        """Return the port of the admin interface of a service's sidecar."""
        return self.gateway + 25 + self._index(name)

    def inbound(self, name: str) -> int:
        """Return the port at which a service's sidecar accepts calls to the service."""
        return self.gateway + 60 + self._index(name)

    def sidecar_metrics(self, name: str) -> int:
        """Return the port of the metrics of a service's sidecar."""
        return self.gateway + 72 + self._index(name)

    def outbound(self, caller: str, callee: str) -> int:
        """Return the port at which a service's sidecar accepts the service's own calls to another service."""
        return self.gateway + 84 + self._calls.index((caller, callee))

    def service(self, name: str) -> int:
        """Return a service's own port, for gRPC or HTTP."""
        return self.gateway + 10 + self._index(name)

    def admin(self, name: str) -> int:
        """Return a service's port for /livez, /readyz and /metrics."""
        return self.gateway + 40 + self._index(name)

    def _index(self, name: str) -> int:
        return [*(service.name for service in self.services), CANARY].index(name)

    @property
    def _calls(self) -> list[tuple[str, str]]:
        return [(service.name, callee) for service in self.services for callee in service.calls]

    def all(self, *, with_mesh: bool = False) -> dict[int, str]:
        """Return every port and what it is for."""
        fixed = {
            self.gateway: "the gateway",
            self.gateway_admin: "the gateway's admin interface",
            self.postgres: "PostgreSQL",
            self.nats: "NATS",
            self.nats_monitoring: "NATS monitoring",
            self.supervisor: "supervisord",
            self.standby: "standby instances",
            self.gateway_metrics: "the gateway's metrics",
        }
        own = {self.service(service.name): service.name for service in self.services}
        admin = {self.admin(service.name): f"{service.name}'s admin port" for service in self.services}
        return {**fixed, **own, **admin, **(self._mesh() if with_mesh else {})}

    def _mesh(self) -> dict[int, str]:
        names = [*(service.name for service in self.services), CANARY]
        own = {self.inbound(name): f"{name}'s sidecar" for name in names}
        admin = {self.sidecar_admin(name): f"the admin interface of {name}'s sidecar" for name in names}
        metrics = {self.sidecar_metrics(name): f"the metrics of {name}'s sidecar" for name in names}
        calls = {self.outbound(*call): f"{call[0]}'s calls to {call[1]}" for call in self._calls}
        canary = {self.service(CANARY): CANARY, self.admin(CANARY): f"{CANARY}'s admin port"}
        return {**own, **admin, **metrics, **calls, **canary}


def check_free(ports: Ports, *, with_mesh: bool = False) -> None:
    """Raise `LaptopError` if any port is taken. The error has one line for each process that holds some."""
    uses = {port: use for port, use in ports.all(with_mesh=with_mesh).items() if is_taken(port)}
    if not uses:
        return
    owners = _listeners()
    held: dict[str, list[int]] = {}
    for port in uses:
        held.setdefault(owners.get(port, _UNKNOWN_OWNER), []).append(port)
    lines = [_line(owner, taken, uses) for owner, taken in held.items()]
    advice = f"Nothing was started. To use other ports: make up PORT={_next_free(ports)}"
    raise LaptopError("\n".join([*lines, advice]), exit_code=2)


def _line(owner: str, taken: Sequence[int], uses: Mapping[int, str]) -> str:
    if len(taken) > _MAX_LISTED:
        return f"{len(taken)} ports from {taken[0]} to {taken[-1]} are taken by {owner}."
    named = " and ".join(f"{port} (for {uses[port]})" for port in taken)
    return f"Port{'s'[: len(taken) - 1]} {named} {'is' if len(taken) == 1 else 'are'} taken by {owner}."


def is_taken(port: int) -> bool:
    """Return whether a process holds the port. Raises `LaptopError` if this user may not use it."""
    with socket.socket() as probe:
        # As servers do: a port with nothing but connections in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError as error:
            raise LaptopError(f"This user may not use port {port}: {error.strerror}.", exit_code=2) from None
        except OSError:
            return True
    return False


def _listeners() -> dict[int, str]:
    """Return the owner of each listening port, as far as this user may see it."""
    found: dict[int, str] = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            for connection in process.net_connections(kind="tcp"):
                if connection.status == psutil.CONN_LISTEN:
                    found.setdefault(connection.laddr.port, _description(process))
    return found


def _description(process: psutil.Process) -> str:
    state_dir = process.environ().get(MARKER)
    if state_dir:
        return f"the stack in {state_dir}"
    command = " ".join(process.cmdline()) or process.name()
    return f"process {process.pid}: {command if len(command) < 100 else command[:97] + '...'}"


def _next_free(ports: Ports) -> int:
    candidates = range(ports.gateway + 1000, _MAX_GATEWAY_PORT, 1000)
    blocks = {port: Ports(port, ports.services).all(with_mesh=True) for port in candidates}
    free = (port for port, block in blocks.items() if not any(is_taken(other) for other in block))
    return next(free, ports.gateway)
