"""What a mesh costs: the same work in a market without sidecars and in one with them, round by round in turns."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from laptop.processes import Memory
from laptop.terminal import Progress
from tools.bench import shop
from tools.bench.client import Client, spread, timed
from tools.bench.cpu import Cost, Reading, Scale
from tools.bench.market_processes import MarketProcesses
from tools.bench.servers import ThrowAwayMarket, throw_away_market

READ, PAGE, ORDER = "a product read", "a product page in HTML", "an order"
_PIECES = 20  # what a product must have for a round of orders; the next round looks again


@dataclass(frozen=True)
class Plan:
    """How much is done in each of the two markets."""

    rounds: int = 10
    reads: int = 400  # in each round
    pages: int = 100
    order_rounds: int = 5
    buyers: int = 40  # each orders once in each round
    idle_seconds: float = 10.0


QUICK = Plan(rounds=1, reads=40, pages=8, order_rounds=1, buyers=4, idle_seconds=1.0)


@dataclass
class Side:
    """What was measured in one of the two markets, by kind of work."""

    costs: dict[str, Cost] = field(default_factory=lambda: {kind: Cost() for kind in (READ, PAGE, ORDER)})
    seconds: dict[str, list[float]] = field(
        default_factory=lambda: {kind: [] for kind in (READ, PAGE, ORDER)}
    )
    idle: Reading = field(default_factory=dict)  # CPU seconds per second
    memory: dict[str, Memory] = field(default_factory=dict)
    ready: float = 0.0  # seconds that a start takes which finds its data


@dataclass(frozen=True)
class Results:
    """All of one run."""

    without: Side
    guarded: Side


@contextlib.contextmanager
def opened(folder: Path, environ: Mapping[str, str], *, mesh: bool) -> Iterator[ThrowAwayMarket]:
    """A market that is open, and gone at the end of the block."""
    with throw_away_market(folder, environ, mesh=mesh) as market:
        market.up({})
        yield market


class _Bench:
    """One of the two markets, and what is measured in it."""

    def __init__(self, market: ThrowAwayMarket, plan: Plan) -> None:
        self.side = Side(ready=_start_again(market))
        self._market, self._plan, self._port = market, plan, market.ports.gateway
        self._processes = MarketProcesses(market.home)
        self._scale = Scale(self._processes.cpu)
        self._products = shop.product_ids(self._port)
        self._buyers: list[shop.Buyer] = []

    def prepare(self) -> None:
        """Warm it up, sign buyers up, and learn what it uses when nobody comes."""
        emails = shop.emails(self._plan.buyers)
        spread(self._port, shop.sign_up, emails)
        self._buyers = spread(self._port, shop.sign_in, emails)
        self.look()
        self.order()
        self.side = Side(ready=self.side.ready)  # what is cold does not count
        self.side.idle = self._scale.learn_idle(self._plan.idle_seconds)

    def look(self) -> None:
        """A round of reads, and one of pages."""
        self._fetch(READ, "/api/v1/products/", self._plan.reads)
        self._fetch(PAGE, "/p/", self._plan.pages)

    def order(self) -> None:
        """A round of orders, with all that follows, to the last mail; not what filling the baskets costs."""
        products = shop.plentiful(self._port, _PIECES)
        errands = [(buyer, products[n % len(products)]) for n, buyer in enumerate(self._buyers)]
        spread(self._port, shop.fill_basket, errands)
        shop.wait_until_handled(self._market.ports)
        with self._scale.weigh(self.side.costs[ORDER], len(self._buyers)):
            placed = spread(self._port, timed(shop.order, self.side.seconds[ORDER]), self._buyers)
            shop.wait_until_shipped(self._market.ports, placed[-4:])

    def weigh_memory(self) -> None:
        """See what it takes."""
        self.side.memory = self._processes.memory()

    def _fetch(self, kind: str, prefix: str, count: int) -> None:
        paths = [f"{prefix}{self._products[number % len(self._products)]}" for number in range(count)]
        with self._scale.weigh(self.side.costs[kind], count):
            spread(self._port, timed(Client.fetch, self.side.seconds[kind]), paths)


def _start_again(market: ThrowAwayMarket) -> float:
    market.down()
    began = time.monotonic()
    market.up({})
    return time.monotonic() - began


def measure(plan: Plan, without: ThrowAwayMarket, guarded: ThrowAwayMarket, progress: Progress) -> Results:
    """Measure in two open markets, in small rounds and in turns, so that a slow moment meets both."""
    with progress.phase("starting both markets again, and getting them warm"):
        first, second = _Bench(without, plan), _Bench(guarded, plan)
        for bench in (first, second):
            bench.prepare()
    with progress.phase("reads and pages, in turns"):
        for number in range(plan.rounds):
            for bench in _in_turns(first, second, number):
                bench.look()
    with progress.phase("orders, in turns"):
        for number in range(plan.order_rounds):
            for bench in _in_turns(first, second, number):
                bench.order()
    for bench in (first, second):
        bench.weigh_memory()
    return Results(first.side, second.side)


def _in_turns(first: _Bench, second: _Bench, number: int) -> tuple[_Bench, _Bench]:
    return (second, first) if number % 2 else (first, second)
