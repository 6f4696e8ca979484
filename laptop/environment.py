"""What each service finds in its environment, derived from the topology."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from laptop.home import MARKER, Home, Secrets
from laptop.nats import STORAGE, Broker
from laptop.ports import HOST, Ports
from topology import SERVICES, Protocol, Service

_PASSED_ON = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR", "LOG_LEVEL", "SSL_CERT_FILE")
_PASSED_ON_PREFIX = "OTEL_"


@dataclass(frozen=True)
class Market:
    """One market on this machine: its folder, its ports, its passwords, its services.

    ``mesh`` says whether there are sidecars. ``detours`` are ports where callers, or their sidecars, find somebody in
    the way of those whom they call: (caller, callee) -> port. A caller is a service or the gateway, a callee a service,
    `postgres` or `nats`. ``broker_storage`` is how many bytes the broker may keep on disk.
    """

    home: Home
    ports: Ports
    secrets: Secrets
    services: Sequence[Service] = SERVICES
    detours: Mapping[tuple[str, str], int] = field(default_factory=dict)
    mesh: bool = False
    broker_storage: int = STORAGE

    @classmethod
    def at(cls, home: Home, port: int) -> Market:
        """The market of this folder with its gateway at ``port``, and passwords, which may be new."""
        return cls(home, Ports(port), home.secrets(service.name for service in SERVICES if service.database))

    @property
    def address(self) -> str:
        """Where people and programs reach the market."""
        return f"http://{HOST}:{self.ports.gateway}"

    @property
    def broker(self) -> Broker:
        """The market's NATS server."""
        ports = self.ports
        return Broker(
            ports.nats, self.secrets.nats, self.home.streams, ports.nats_monitoring, self.broker_storage
        )

    def port(self, callee: str, caller: str = "") -> int:
        """Where the program ``caller`` reaches a service or a server: with a mesh its own sidecar takes its calls."""
        if self.mesh and any(callee in service.calls for service in self.services if service.name == caller):
            return self.ports.outbound(caller, callee)
        return self.way(callee, caller)

    def way(self, callee: str, caller: str = "") -> int:
        """Where ``caller``, or its sidecar, is led on the way to a service, or its sidecar, or a server: there, unless
        there is a detour."""
        return self.detours.get((caller, callee), self._place(callee))

    def _place(self, callee: str) -> int:
        servers = {"postgres": self.ports.postgres, "nats": self.ports.nats}
        if callee in servers:
            return servers[callee]
        guarded = self.mesh and any(one.has_sidecar for one in self.services if one.name == callee)
        return self.ports.inbound(callee) if guarded else self.ports.service(callee)

    def url(self, name: str) -> str:
        """Where a service that speaks HTTP is reached directly."""
        return f"http://{HOST}:{self.ports.service(name)}"

    def database_url(self, role: str, database: str, caller: str = "") -> str:
        """How ``role`` (a service, or the superuser ``postgres``) reaches a database, on ``caller``'s way."""
        password = self.secrets.databases.get(role, self.secrets.postgres)
        return f"postgresql://{role}:{password}@{HOST}:{self.port('postgres', caller)}/{database}"

    def broker_url(self, caller: str) -> str:
        """How a service reaches the broker."""
        return replace(self.broker, port=self.port("nats", caller)).url


def common_environment(home: Home, caller: Mapping[str, str]) -> dict[str, str]:
    """What every process of the market is given; little of it is the caller's, so that nothing surprises."""
    passed_on = {
        name: value
        for name, value in caller.items()
        if name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIX)
    }
    # Few malloc arenas: threads that mostly wait need none of their own, and each would cost memory.
    # One clock for all logs.
    return {**passed_on, MARKER: str(home.path), "MALLOC_ARENA_MAX": "2", "TZ": "UTC"}


def service_environment(market: Market, service: Service, name: str = "") -> dict[str, str]:
    """The environment variables of one service, or of another instance of it called ``name``."""
    name = name or service.name
    found = {"HOST": HOST, "ADMIN_PORT": str(market.ports.admin(name))}
    if service.protocol is not Protocol.EVENTS:
        found["PORT"] = str(market.ports.service(name))
        found["SHARE_PORT"] = "yes"  # with its relief
    if service.database:
        found["DATABASE_URL"] = market.database_url(service.name, service.name, caller=service.name)
    if service.nats:
        found["NATS_URL"] = market.broker_url(service.name)
    for callee in service.calls:
        found.update(_address(market, service.name, callee))
    settings = {
        "SECRET_KEY": market.secrets.secret_key,
        "BANK_API_KEY": market.secrets.bank_api_key,
        "MAIL_DIR": str(market.home.mail),
        "SHOP_URL": market.address,
    }
    return found | {setting: settings[setting] for setting in service.settings}


def _address(market: Market, caller: str, name: str) -> dict[str, str]:
    callee = next(service for service in market.services if service.name == name)
    address = f"{HOST}:{market.port(name, caller)}"
    if callee.protocol is Protocol.GRPC:
        return {f"{name.upper()}_ADDR": address}
    return {f"{name.upper()}_URL": f"http://{address}"}
