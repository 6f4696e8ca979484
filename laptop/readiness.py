"""Whether the parts of the market can do their work."""

from __future__ import annotations

from collections.abc import Callable

from laptop import envoy_admin, gateway, nats, pages, postgres, sidecars
from laptop.environment import Market
from laptop.pages import READY
from laptop.server_data import data_folder


def problem(market: Market, name: str) -> str:
    """Why a part of the market is not ready, in a few words; `READY` (nothing) if it is."""
    ports = market.ports
    checks: dict[str, Callable[[], str]] = {
        "postgres": lambda: (
            READY if postgres.accepts_connections(data_folder(market.home)) else "not accepting"
        ),
        "nats": lambda: READY if nats.accepts_connections(ports.nats) else "not accepting",
        sidecars.RENEWAL: lambda: READY,  # what it has to do before others start is done before it starts
        "gateway": lambda: (
            envoy_admin.problem(ports.gateway_admin, gateway.key_sets(market))
            or pages.problem(ports.gateway, "/readyz")
        ),
    }
    if name in checks:
        return checks[name]()
    if admin := envoy_admin.admin_port(market, name):
        return envoy_admin.problem(admin)
    return pages.problem(ports.admin(name), "/readyz")
