"""The measurements: rounds of each kind of work, taken in turns, so that a slow moment meets all alike."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from laptop import processes
from laptop.errors import LaptopError
from laptop.terminal import Progress
from tools.bench import shop
from tools.bench.client import Client, spread
from tools.bench.cpu import Cost, Reading, Scale, tree_meter
from tools.bench.market_processes import MarketProcesses
from tools.bench.servers import ThrowAwayMarket, flask_hello
from tools.bench.sink import FLUSH_SECONDS, Sink
from topology import SERVICES

_TRACED = {"gateway"} | {service.name for service in SERVICES}
_PIECES = 20  # what a product must have for a round of orders; the next round looks again


@dataclass(frozen=True)
class Plan:
    """How much is done."""

    rounds: int = 5
    reads: int = 1500  # of a product, and of the yardstick, in each round
    pages: int = 200
    long_rounds: int = 3  # of sign-ins, and of orders, whose parcels are packed for a while
    buyers: int = 40
    purchases: int = 3  # of each buyer in each round of orders
    idle_seconds: float = 20.0


QUICK = Plan(rounds=1, reads=60, pages=12, long_rounds=1, buyers=4, purchases=1, idle_seconds=1.0)


@dataclass
class Costs:
    """What one market's operations cost."""

    hello: Cost = field(default_factory=Cost)
    read: Cost = field(default_factory=Cost)
    page: Cost = field(default_factory=Cost)
    basket: Cost = field(default_factory=Cost)
    purchase: Cost = field(default_factory=Cost)  # basket and order, and all that follows
    sign_in: Cost = field(default_factory=Cost)
    idle: Reading = field(default_factory=dict)  # CPU seconds per second
    memory: dict[str, processes.Memory] = field(default_factory=dict)


@dataclass
class Results:
    """All of one run."""

    first_start: float  # seconds
    second_start: float
    plain: Costs
    traced: Costs
    spans: dict[str, int]  # that arrived, by service


def measure(plan: Plan, market: ThrowAwayMarket, folder: Path, progress: Progress) -> Results:
    """Start the market three times, and measure at the second and, with traces on, at the third."""
    with progress.phase("a market's first start and its second"):
        first = _start(market)
        market.down()
        second = _start(market)
    with flask_hello(folder) as hello:
        with progress.phase("work with traces off"):
            plain = _costs(plan, market, hello, settle_seconds=0.0)
            market.down()
        with progress.phase("work with traces on"), Sink().running() as sink:
            market.up(sink.environment)
            traced = _costs(plan, market, hello, settle_seconds=FLUSH_SECONDS)
            market.down()
    silent = sorted(_TRACED - set(sink.spans))
    if silent:
        raise LaptopError(f"no traces came from {', '.join(silent)}: they were not on")
    return Results(first, second, plain, traced, sink.spans)


def _start(market: ThrowAwayMarket) -> float:
    began = time.monotonic()
    market.up({})
    shop.first_purchase(market.ports.gateway)
    return time.monotonic() - began


def _costs(plan: Plan, market: ThrowAwayMarket, hello: tuple[int, int], settle_seconds: float) -> Costs:
    costs, running = Costs(), MarketProcesses(market.home)
    scale = Scale(running.cpu, settle_seconds=settle_seconds)
    hello_port, hello_pid = hello
    yardstick = Scale(tree_meter(hello_pid, "hello"), settle_seconds=settle_seconds)
    products = shop.product_ids(market.ports.gateway)
    _read(plan, market.ports.gateway, products, Scale(scale.meter), costs=Costs())  # a first round warms up
    shop.wait_until_handled(market.ports)
    costs.idle = scale.learn_idle(plan.idle_seconds)
    for _ in range(plan.rounds):
        with yardstick.weigh(costs.hello, plan.reads):
            spread(hello_port, Client.fetch, ["/"] * plan.reads)
        _read(plan, market.ports.gateway, products, scale, costs)
    buyers = _sign_in(plan, market.ports.gateway, scale, costs)
    for _ in range(plan.long_rounds):
        _purchase(plan, market, scale, buyers, costs)
    costs.memory = running.memory()
    return costs


def _read(plan: Plan, port: int, products: list[str], scale: Scale, costs: Costs) -> None:
    def taken(count: int, prefix: str) -> list[str]:
        return [f"{prefix}{products[number % len(products)]}" for number in range(count)]

    with scale.weigh(costs.read, plan.reads):
        spread(port, Client.fetch, taken(plan.reads, "/api/v1/products/"))
    with scale.weigh(costs.page, plan.pages):
        spread(port, Client.fetch, taken(plan.pages, "/p/"))


def _sign_in(plan: Plan, port: int, scale: Scale, costs: Costs) -> list[shop.Buyer]:
    emails = shop.emails(plan.buyers)
    spread(port, shop.sign_up, emails)
    buyers: list[shop.Buyer] = []
    for _ in range(plan.long_rounds):  # the gateway lets one address sign in 200 times without a pause
        with scale.weigh(costs.sign_in, plan.buyers):
            buyers = spread(port, shop.sign_in, emails)
    return buyers


def _purchase(
    plan: Plan, market: ThrowAwayMarket, scale: Scale, buyers: list[shop.Buyer], costs: Costs
) -> None:
    port, count = market.ports.gateway, plan.purchases * len(buyers)
    products = shop.plentiful(port, _PIECES)
    placed: list[shop.Placed] = []
    basket = Cost()
    with scale.weigh(costs.purchase, count):
        for turn in range(plan.purchases):
            first = turn * len(buyers)
            errands = [(buyer, products[(first + n) % len(products)]) for n, buyer in enumerate(buyers)]
            with scale.weigh(basket, len(buyers)):
                spread(port, shop.fill_basket, errands)
            placed += spread(port, shop.order, buyers)
            shop.wait_until_handled(market.ports)
        shop.wait_until_shipped(market.ports, placed[-4:])
    costs.basket.rounds += basket.rounds
