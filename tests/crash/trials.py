"""Trials: a fresh order, a service that dies at a boundary of it, and what becomes of the order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TypeVar

from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from chassis.errors import AppError
from tests.crash.books import Books, Ending, Order
from tests.crash.boundary import Boundary
from tests.crash.buyer import Buyer, Shop
from tests.crash.scenarios import Scenario
from tests.crash.world import SERVICES, World
from tools.audit import run

T = TypeVar("T")
_PATIENCE = 20.0  # seconds that an order may take to come to rest
_DEATH_SECONDS = 3.0  # how long background work may take to come by
_TRIES = 3  # on a busy machine another thread may be faster, and a boundary not be reached


@dataclass(frozen=True)
class Crash:
    """A service that dies at a boundary, and, once it is back, at the next one."""

    service: str
    boundaries: tuple[Boundary, ...]

    def __str__(self) -> str:
        return f"{self.service} dies before {', then before '.join(map(str, self.boundaries))}"


@dataclass(frozen=True)
class Discovery:
    """An order that nobody has died over, or not for good, and the boundaries that each service has passed."""

    order: Order
    boundaries: Mapping[str, Sequence[Boundary]]


class Lane:
    """A world, with its shop and its books; trials run in it one after the other."""

    def __init__(self, world: World, stack: ExitStack) -> None:
        stack.callback(world.stop)
        world.start()
        self._world = world
        self._books = Books(world, stack)
        self._shop = Shop(world)
        stack.callback(self._shop.close)
        self._crashes: dict[str, Crash] = {}  # by the order that they befell

    def prepare(self, scenario: Scenario) -> None:
        """Makes the world one for this scenario."""
        self._world.configure(scenario.all_settings)

    def discover(self, scenario: Scenario, crash: Crash | None = None) -> Discovery:
        """Runs the scenario, and notes what each service passes; where one dies, what it passes once it is back."""
        buyer = self._buyer(scenario)
        if crash:
            self._world.notes(crash.service).doom(buyer.trace, [str(b) for b in crash.boundaries])
        scenario.play(buyer, self._books, self._world)
        problems = self._come_to_rest(buyer, scenario.endings[:1]) or self.audit()
        assert not problems, f"{scenario}, {crash or 'nobody dies'}: {problems}"
        notes = {service: self._world.notes(service).passed(buyer.trace) for service in SERVICES}
        (order,) = self._books.orders(buyer.account)
        return Discovery(
            order, {service: [Boundary(*told) for told in passed] for service, passed in notes.items()}
        )

    def crash(self, scenario: Scenario, crash: Crash) -> list[str]:
        """Runs the scenario while a service dies: what is wrong afterwards."""
        for _ in range(_TRIES):
            buyer = self._buyer(scenario)
            notes = self._world.notes(crash.service)
            notes.doom(buyer.trace, [str(boundary) for boundary in crash.boundaries])
            try:
                scenario.play(buyer, self._books, self._world)
                has_died = notes.wait_until_fulfilled(_DEATH_SECONDS)
                problems = self._problems(buyer, scenario, crash)
                self._world.wait_until_ready(crash.service)
            except (AssertionError, AppError) as error:
                problems = [f"the buyer gets nowhere: {error!r}"]
            if problems:
                return [*problems, f"the logs are in {self._world.folder}"]
            if has_died:
                return []
        return [f"in {_TRIES} runs that was not reached"]

    def audit(self) -> Mapping[Crash | None, list[str]]:
        """What is wrong in all books, by the crash that befell the order; None: nobody knows which did it."""
        found: dict[Crash | None, list[str]] = {}
        findings = [(f.id, f"{f.rule}: {f.text}") for f in run(self._world.stores, _PATIENCE).violations]
        findings += [(order_id, f"{kind} was told twice") for order_id, kind in self._books.told_twice()]
        for about, text in findings:
            found.setdefault(self._crashes.get(about), []).append(f"{about}: {text}")
        return found

    def _buyer(self, scenario: Scenario) -> Buyer:
        buyer = Buyer(self._shop, scenario.card)
        self._books.sign_up(buyer.account, buyer.email)
        buyer.put_in(scenario.basket)
        return buyer

    def _come_to_rest(self, buyer: Buyer, endings: Sequence[Ending]) -> list[str]:
        """What is wrong when nothing is wrong any more, or when patience ends."""
        return Retrying(
            retry=retry_if_result(bool),
            wait=wait_fixed(0.03),
            stop=stop_after_delay(_PATIENCE),
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else [],
        )(self._books.problems, buyer.account, endings)

    def _problems(self, buyer: Buyer, scenario: Scenario, crash: Crash) -> list[str]:
        problems = self._come_to_rest(buyer, scenario.endings)
        orders = self._books.orders(buyer.account)
        self._crashes |= {order.id: crash for order in orders}
        if len(orders) == 1:
            problems += filter(None, [orders[0].contradicts(buyer.place())])
            if (basket := buyer.basket()) + orders[0].bought != buyer.wanted and not buyer.is_unsure:
                problems.append(f"of {buyer.wanted}, {orders[0].bought} are bought and {basket} are left")
        return problems


class Lanes:
    """Several lanes side by side: what there is to wait for costs no time."""

    def __init__(self, make: Callable[[int], Lane], count: int, stack: ExitStack) -> None:
        self._pool = stack.enter_context(ThreadPoolExecutor(count))
        self._lanes = list(self._pool.map(make, range(count)))

    def discover(self, scenario: Scenario, crash: Crash | None = None) -> Discovery:
        """Makes every world one for this scenario: the boundaries that are found in each of them."""

        def discovered(lane: Lane) -> Discovery:
            lane.prepare(scenario)
            return lane.discover(scenario, crash)

        found = list(self._pool.map(discovered, self._lanes))
        common = {
            service: [one for one in passed if all(one in other.boundaries[service] for other in found)]
            for service, passed in found[0].boundaries.items()
        }
        return Discovery(found[0].order, common)

    def crash(self, scenario: Scenario, crashes: Sequence[Crash]) -> Mapping[Crash | None, list[str]]:
        """What is wrong after each of the crashes, each with an order of its own; None: after any of them."""
        idle: SimpleQueue[Lane] = SimpleQueue()
        for lane in self._lanes:
            idle.put(lane)

        def tried(crash: Crash) -> list[str]:
            lane = idle.get()
            try:
                return lane.crash(scenario, crash)
            finally:
                idle.put(lane)

        problems: dict[Crash | None, list[str]] = {None: []}
        problems |= dict(zip(crashes, self._pool.map(tried, crashes), strict=True))
        for found in self._pool.map(lambda lane: lane.audit(), self._lanes):
            for crash, findings in found.items():
                problems.setdefault(crash, []).extend(findings)
        return problems
