"""What the stack costs: rounds of each kind of work, interleaved, so that a slow moment affects all kinds alike."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from laptop.processes import Memory
from tools.bench import workload
from tools.bench.processes import Cost, CpuMeter, CpuSeconds, StackProcesses, tree_reader
from tools.bench.servers import FLUSH_SECONDS, TemporaryStack, TraceSink, flask_hello
from tools.bench.workload import BenchError, Client, spread
from topology import SERVICES

_TRACED = {"gateway"} | {service.name for service in SERVICES}
_MIN_UNITS = 20  # of a product that a round of orders buys


@dataclass(frozen=True)
class Plan:
    """The amount of work."""

    rounds: int = 5
    reads: int = 1500  # of a product, and of the baseline, in each round
    pages: int = 200  # of each kind in each round
    long_rounds: int = 3  # of sign-ins, and of orders, whose shipments take a while
    buyers: int = 40
    purchases: int = 3  # of each buyer in each round of orders
    idle_seconds: float = 20.0


QUICK = Plan(rounds=1, reads=60, pages=12, long_rounds=1, buyers=4, purchases=1, idle_seconds=1.0)


@dataclass
class Costs:
    """The costs of one stack's operations, and of the baseline in the same phase."""

    hello: Cost = field(default_factory=Cost)
    read: Cost = field(default_factory=Cost)
    page: Cost = field(default_factory=Cost)
    home: Cost = field(default_factory=Cost)
    static: Cost = field(default_factory=Cost)
    cart: Cost = field(default_factory=Cost)
    purchase: Cost = field(default_factory=Cost)  # cart and order, with all effects
    sign_in: Cost = field(default_factory=Cost)
    idle: CpuSeconds = field(default_factory=dict)  # per second
    memory: dict[str, Memory] = field(default_factory=dict)


@dataclass
class Results:
    """The results of one run. `spans` has the number of spans that arrived, by service."""

    first_start: float  # seconds
    second_start: float
    plain: Costs
    traced: Costs
    spans: dict[str, int]


def measure(plan: Plan, stack: TemporaryStack, folder: Path, progress: Callable[[str], None]) -> Results:
    """Start the stack three times; measure after the second start and, with traces on, after the third."""
    progress("first start, second start")
    first = _start(stack)
    stack.down()
    second = _start(stack)
    with flask_hello(folder) as hello:
        progress("work with traces off")
        plain = _Measurement(plan, stack, hello, settle_seconds=0.0).run()
        stack.down()
        progress("work with traces on")
        with TraceSink().running() as sink:
            stack.up(sink.environment)
            traced = _Measurement(plan, stack, hello, settle_seconds=FLUSH_SECONDS).run()
            stack.down()
    if silent := sorted(_TRACED - set(sink.spans)):
        raise BenchError(f"no traces arrived from {', '.join(silent)}")
    return Results(first, second, plain, traced, sink.spans)


def _start(stack: TemporaryStack) -> float:
    started = time.monotonic()
    stack.up()
    workload.first_purchase(stack.ports.gateway)
    return time.monotonic() - started


class _Measurement:
    """All rounds on a running stack."""

    def __init__(
        self, plan: Plan, stack: TemporaryStack, hello: tuple[int, int], settle_seconds: float
    ) -> None:
        self._plan = plan
        self._gateway, self._nats = stack.ports.gateway, stack.ports.nats_monitoring
        self._hello_port, hello_pid = hello
        self._baseline = CpuMeter(tree_reader(hello_pid, "hello"), settle_seconds=settle_seconds)
        self._processes = StackProcesses(stack.state_dir)
        self._meter = CpuMeter(self._processes.cpu, settle_seconds=settle_seconds)
        self._products = workload.product_ids(self._gateway)
        self._style_sheet = workload.style_sheet(self._gateway)

    def run(self) -> Costs:
        """Warm up and measure."""
        self._read(Costs())
        workload.wait_until_handled(self._nats)
        costs = Costs(idle=self._meter.measure_idle(self._plan.idle_seconds))
        for _ in range(self._plan.rounds):
            with self._baseline.measure(costs.hello, self._plan.reads):
                spread(self._hello_port, Client.fetch, ["/"] * self._plan.reads)
            self._read(costs)
        buyers = self._sign_in(costs)
        for _ in range(self._plan.long_rounds):
            self._purchase(buyers, costs)
        costs.memory = self._processes.memory()
        return costs

    def _read(self, costs: Costs) -> None:
        plan = self._plan
        self._fetch(costs.read, self._each_product("/api/v1/products/", plan.reads))
        self._fetch(costs.page, self._each_product("/p/", plan.pages))
        self._fetch(costs.home, ["/"] * plan.pages)
        self._fetch(costs.static, [self._style_sheet] * plan.pages)

    def _fetch(self, cost: Cost, paths: list[str]) -> None:
        with self._meter.measure(cost, len(paths)):
            spread(self._gateway, Client.fetch, paths)

    def _each_product(self, prefix: str, count: int) -> list[str]:
        return [f"{prefix}{self._products[number % len(self._products)]}" for number in range(count)]

    def _sign_in(self, costs: Costs) -> list[workload.Buyer]:
        emails = workload.new_emails(self._plan.buyers)
        spread(self._gateway, workload.sign_up, emails)
        buyers: list[workload.Buyer] = []
        for _ in range(
            self._plan.long_rounds
        ):  # within the burst of the gateway's rate limit: 200 per address
            with self._meter.measure(costs.sign_in, len(emails)):
                buyers = spread(self._gateway, workload.sign_in, emails)
        return buyers

    def _purchase(self, buyers: list[workload.Buyer], costs: Costs) -> None:
        products = workload.products_in_stock(self._gateway, _MIN_UNITS)
        placed: list[workload.PlacedOrder] = []
        cart = Cost()
        with self._meter.measure(costs.purchase, self._plan.purchases * len(buyers)):
            for turn in range(self._plan.purchases):
                first = turn * len(buyers)
                purchases = [(buyer, products[(first + n) % len(products)]) for n, buyer in enumerate(buyers)]
                with self._meter.measure(cart, len(buyers)):
                    spread(self._gateway, workload.fill_cart, purchases)
                placed += spread(self._gateway, workload.order, buyers)
                workload.wait_until_handled(self._nats)
            workload.wait_until_shipped(self._gateway, self._nats, placed[-4:])
        costs.cart.rounds += cart.rounds
