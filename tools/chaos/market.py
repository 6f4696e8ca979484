"""The market that is tormented: a throw-away one, with a detour on every way from a caller to a callee."""

from __future__ import annotations

import contextlib
import random
import signal
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from laptop import closing, opening
from laptop.environment import Market
from laptop.errors import LaptopError
from laptop.home import Home
from laptop.ports import BLOCK, Ports, check_free
from laptop.sidecars import program_name
from laptop.terminal import Progress
from tools.chaos.edges import Edge, edges
from tools.chaos.proxies import Proxies
from topology import CANARY, Service

_INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_BROKER_STORAGE = 48 << 20  # bytes: filled within seconds


def planned(folder: Path, *, mesh: bool) -> Market:
    """A market that does not run yet, on ports that are free, with sidecars or without."""
    home = Home(folder)
    home.create()
    return replace(Market.at(home, _free_port(mesh=mesh)), mesh=mesh, broker_storage=_BROKER_STORAGE)


def proxies(market: Market) -> Proxies[Edge]:
    """A fault proxy on every way of the market."""
    ways = edges(market.services, mesh=market.mesh)
    return Proxies({edge: (market.way(edge.callee), answers) for edge, answers in ways.items()})


def programs(services: Iterable[Service], *, mesh: bool) -> list[str]:
    """The names of all programs that are called or have work to do."""
    services = list(services)
    names = [*(service.name for service in services), "gateway", "nats", "postgres"]
    if not mesh:
        return names
    guarded = [*(service.name for service in services if service.has_sidecar), CANARY]
    return [*names, CANARY, *map(program_name, guarded)]


def led_through(proxies: Proxies[Edge], market: Market) -> Market:
    """The same market with its callers led to the proxies."""
    return replace(market, detours={(edge.caller, edge.callee): port for edge, port in proxies.ports.items()})


@contextlib.contextmanager
def opened(market: Market, environ: Mapping[str, str], progress: Progress, *, keep: bool) -> Iterator[None]:
    """Run the market for the length of the block; afterwards all of it is gone, its folder too unless kept."""
    quiet = {name: value for name, value in environ.items() if not name.startswith("OTEL_")}
    try:
        with market.home.locked():
            opening.start(market, quiet, progress)
        yield
    finally:
        before = {number: signal.signal(number, signal.SIG_IGN) for number in _INTERRUPTIONS}
        progress.show("closing the market ...")
        if keep:
            closing.close(market.home)
        else:
            closing.reset(market.home, progress)
        for number, handler in before.items():
            signal.signal(number, handler)


def _free_port(*, mesh: bool) -> int:
    for _ in range(100):
        ports = Ports(random.randrange(20_000, 32_000 - BLOCK))
        with contextlib.suppress(LaptopError):
            check_free(ports, with_mesh=mesh)
            return ports.gateway
    raise LaptopError("there is no free block of ports for a market")
