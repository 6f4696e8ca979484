"""What each service finds in its environment, derived from the topology."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from laptop.home import MARKER, Home, Secrets
from laptop.nats import Broker
from laptop.ports import HOST, Ports
from laptop.topology import SERVICES, Service, Speaks

_PASSED_ON = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR", "LOG_LEVEL", "SSL_CERT_FILE")
_PASSED_ON_PREFIX = "OTEL_"


@dataclass(frozen=True)
class Market:
    """One market on this machine: its folder, its ports, its passwords, its services."""

    home: Home
    ports: Ports
    secrets: Secrets
    services: Sequence[Service] = SERVICES

    @property
    def address(self) -> str:
        """Where people and programs reach the market."""
        return f"http://{HOST}:{self.ports.gateway}"

    @property
    def broker(self) -> Broker:
        """The market's NATS server."""
        return Broker(self.ports.nats, self.secrets.nats, self.home.streams, self.ports.nats_monitoring)

    def url(self, name: str) -> str:
        """Where a service that speaks HTTP is reached directly."""
        return f"http://{HOST}:{self.ports.service(name)}"

    def database_url(self, role: str, database: str) -> str:
        """How ``role`` (a service, or the superuser ``postgres``) reaches a database."""
        password = self.secrets.databases.get(role, self.secrets.postgres)
        return f"postgresql://{role}:{password}@{HOST}:{self.ports.postgres}/{database}"


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


def service_environment(market: Market, service: Service) -> dict[str, str]:
    """The environment variables of one service."""
    found = {"HOST": HOST, "ADMIN_PORT": str(market.ports.admin(service.name))}
    if service.speaks is not Speaks.EVENTS:
        found["PORT"] = str(market.ports.service(service.name))
    if service.database:
        found["DATABASE_URL"] = market.database_url(service.name, service.name)
    if service.broker:
        found["NATS_URL"] = market.broker.url
    for name in service.calls:
        found.update(_address(market, name))
    settings = {
        "SECRET_KEY": market.secrets.secret_key,
        "BANK_API_KEY": market.secrets.bank_api_key,
        "MAIL_DIR": str(market.home.mail),
        "SHOP_URL": market.address,
    }
    return found | {name: settings[name] for name in service.settings}


def _address(market: Market, name: str) -> dict[str, str]:
    callee = next(service for service in market.services if service.name == name)
    if callee.speaks is Speaks.GRPC:
        return {f"{name.upper()}_ADDR": f"{HOST}:{market.ports.service(name)}"}
    return {f"{name.upper()}_URL": market.url(name)}
