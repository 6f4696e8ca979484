"""The market that is tormented: a throw-away one, with a detour on every way from a caller to a callee."""

from __future__ import annotations

import contextlib
import random
import signal
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from chaos.edges import Edge, edges
from chaos.proxies import Proxies
from laptop import closing, opening
from laptop.environment import Market
from laptop.errors import LaptopError
from laptop.home import Home
from laptop.ports import BLOCK, Ports, check_free
from laptop.terminal import Progress

_INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_BROKER_STORAGE = 48 << 20  # bytes: filled within seconds


def planned(folder: Path) -> Market:
    """A market that does not run yet, on ports that are free."""
    home = Home(folder)
    home.create()
    return replace(Market.at(home, _free_port()), broker_storage=_BROKER_STORAGE)


def proxies(market: Market) -> Proxies[Edge]:
    """A fault proxy on every way of the market."""
    return Proxies(
        {edge: (market.port(edge.callee), answers) for edge, answers in edges(market.services).items()}
    )


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


def _free_port() -> int:
    for _ in range(100):
        ports = Ports(random.randrange(20_000, 32_000 - BLOCK))
        with contextlib.suppress(LaptopError):
            check_free(ports)
            return ports.gateway
    raise LaptopError("there is no free block of ports for a market")
