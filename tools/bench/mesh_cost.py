"""What the mesh costs: the same work in a stack without sidecars and in one with them, alternating by round."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from laptop.processes import Memory
from tools.bench import workload
from tools.bench.processes import Cost, CpuMeter, CpuSeconds, StackProcesses
from tools.bench.servers import TemporaryStack, temporary_stack
from tools.bench.workload import Client, spread, timed

READ, PAGE, ORDER = "product read", "product page in HTML", "order"
_MIN_UNITS = 20  # of a product that a round of orders buys


@dataclass(frozen=True)
class Plan:
    """The amount of work in each of the two stacks."""

    rounds: int = 10
    reads: int = 400  # in each round
    pages: int = 100
    order_rounds: int = 5
    buyers: int = 40  # each orders once in each round
    idle_seconds: float = 10.0


QUICK = Plan(rounds=1, reads=40, pages=8, order_rounds=1, buyers=4, idle_seconds=1.0)


@dataclass
class StackResults:
    """The results of one of the two stacks. `costs` and `seconds` are keyed by the kind of work."""

    costs: dict[str, Cost] = field(default_factory=lambda: {kind: Cost() for kind in (READ, PAGE, ORDER)})
    seconds: dict[str, list[float]] = field(
        default_factory=lambda: {kind: [] for kind in (READ, PAGE, ORDER)}
    )
    idle: CpuSeconds = field(default_factory=dict)  # per second
    memory: dict[str, Memory] = field(default_factory=dict)
    ready: float = 0.0  # seconds that a start with existing data takes


@dataclass(frozen=True)
class Results:
    """The results of one run."""

    without: StackResults
    with_mesh: StackResults


@contextlib.contextmanager
def started(folder: Path, environ: Mapping[str, str], *, mesh: bool) -> Iterator[TemporaryStack]:
    """Provide a running stack, and reset it at the end of the block."""
    with temporary_stack(folder, environ, mesh=mesh) as stack:
        stack.up()
        yield stack


def measure(
    plan: Plan, without: TemporaryStack, with_mesh: TemporaryStack, progress: Callable[[str], None]
) -> Results:
    """Measure two running stacks in small alternating rounds, so that a slow moment affects both."""
    progress("restart and warm-up of both stacks")
    first, second = _Measurement(without, plan), _Measurement(with_mesh, plan)
    first.prepare()
    second.prepare()
    progress("reads and pages, alternating")
    for number in range(plan.rounds):
        for measurement in _alternating(first, second, number):
            measurement.read()
    progress("orders, alternating")
    for number in range(plan.order_rounds):
        for measurement in _alternating(first, second, number):
            measurement.order()
    first.measure_memory()
    second.measure_memory()
    return Results(first.results, second.results)


class _Measurement:
    """One of the two stacks, and its results."""

    def __init__(self, stack: TemporaryStack, plan: Plan) -> None:
        self.results = StackResults(ready=_restart(stack))
        self._plan = plan
        self._gateway, self._nats = stack.ports.gateway, stack.ports.nats_monitoring
        self._processes = StackProcesses(stack.state_dir)
        self._meter = CpuMeter(self._processes.cpu)
        self._products = workload.product_ids(self._gateway)
        self._buyers: list[workload.Buyer] = []

    def prepare(self) -> None:
        """Sign buyers up, warm up, and measure the idle stack."""
        emails = workload.new_emails(self._plan.buyers)
        spread(self._gateway, workload.sign_up, emails)
        self._buyers = spread(self._gateway, workload.sign_in, emails)
        self.read()
        self.order()
        self.results = StackResults(ready=self.results.ready)  # discards the warm-up
        self.results.idle = self._meter.measure_idle(self._plan.idle_seconds)

    def read(self) -> None:
        """Measure one round of reads and one of pages."""
        self._fetch(READ, "/api/v1/products/", self._plan.reads)
        self._fetch(PAGE, "/p/", self._plan.pages)

    def order(self) -> None:
        """Measure one round of orders with all effects, but without filling the carts."""
        products = workload.products_in_stock(self._gateway, _MIN_UNITS)
        purchases = [(buyer, products[n % len(products)]) for n, buyer in enumerate(self._buyers)]
        spread(self._gateway, workload.fill_cart, purchases)
        workload.wait_until_handled(self._nats)
        with self._meter.measure(self.results.costs[ORDER], len(self._buyers)):
            order = timed(workload.order, self.results.seconds[ORDER])
            placed = spread(self._gateway, order, self._buyers)
            workload.wait_until_shipped(self._gateway, self._nats, placed[-4:])

    def measure_memory(self) -> None:
        """Measure the memory of each program."""
        self.results.memory = self._processes.memory()

    def _fetch(self, kind: str, prefix: str, count: int) -> None:
        paths = [f"{prefix}{self._products[number % len(self._products)]}" for number in range(count)]
        with self._meter.measure(self.results.costs[kind], count):
            spread(self._gateway, timed(Client.fetch, self.results.seconds[kind]), paths)


def _restart(stack: TemporaryStack) -> float:
    stack.down()
    began = time.monotonic()
    stack.up()
    return time.monotonic() - began


def _alternating(first: _Measurement, second: _Measurement, number: int) -> tuple[_Measurement, _Measurement]:
    return (second, first) if number % 2 else (first, second)
