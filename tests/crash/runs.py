"""Runs: a new order, a service that crashes at a boundary of it, and the state of the order afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from queue import SimpleQueue

from chassis.errors import AppError
from tests.crash.boundary import Boundary
from tests.crash.buyer import Buyer, Clients
from tests.crash.environment import SERVICES, Environment
from tests.crash.records import Ending, Order, Records
from tests.crash.scenarios import Scenario
from tests.support.waiting import wait_until
from tools import audit

_SETTLE_TIMEOUT = 20.0  # seconds until an order must have reached its ending
_CRASH_TIMEOUT = 3.0  # seconds until background work must have reached its boundary
_ATTEMPTS = 3  # on a busy machine, another thread may be faster, so that a boundary is not reached


@dataclass(frozen=True)
class Crash:
    """A service that crashes at a boundary and, after its restart, at the next one."""

    service: str
    boundaries: tuple[Boundary, ...]

    def __str__(self) -> str:
        return f"{self.service} crashes before {', then before '.join(map(str, self.boundaries))}"


@dataclass(frozen=True)
class Discovery:
    """An order without a crash, or with a given one, and the boundaries that each service has reached."""

    order: Order
    boundaries: Mapping[str, Sequence[Boundary]]


class Slot:
    """An environment in which runs take place one after the other."""

    def __init__(self, environment: Environment, stack: ExitStack) -> None:
        stack.callback(environment.stop)
        environment.start()
        self._environment = environment
        self._records = Records(environment, stack)
        self._clients = Clients(environment)
        stack.callback(self._clients.close)
        self._crashes: dict[str, Crash] = {}  # by the id of the order

    def prepare(self, scenario: Scenario) -> None:
        """Configure the environment for this scenario."""
        self._environment.configure(scenario.all_settings)

    def discover(self, scenario: Scenario, crash: Crash | None = None) -> Discovery:
        """Run the scenario and return the boundaries of each service, after its restart if it crashes."""
        buyer = self._new_buyer(scenario)
        if crash:
            self._plan(buyer, crash)
        scenario.run(buyer, self._records, self._environment)
        problems = self._settle(buyer, scenario.endings[:1]) or self.violations()
        assert not problems, f"{scenario}, {crash or 'no crash'}: {problems}"
        (order,) = self._records.orders(buyer.account)
        logs = {service: self._environment.boundary_log(service) for service in SERVICES}
        return Discovery(
            order,
            {
                service: [Boundary(*record) for record in log.records(buyer.trace)]
                for service, log in logs.items()
            },
        )

    def crash(self, scenario: Scenario, crash: Crash) -> list[str]:
        """Run the scenario while a service crashes, and return the problems that it causes."""
        for _ in range(_ATTEMPTS):
            buyer = self._new_buyer(scenario)
            self._plan(buyer, crash)
            try:
                scenario.run(buyer, self._records, self._environment)
                crashed = self._environment.crash_plan(crash.service).wait_until_complete(_CRASH_TIMEOUT)
                problems = self._problems(buyer, scenario, crash)
                self._environment.wait_until_ready(crash.service)
            except (AssertionError, AppError) as error:
                problems = [f"the buyer cannot continue: {error!r}"]
            if problems:
                return [*problems, f"the logs are in {self._environment.folder}"]
            if crashed:
                return []
        return [f"the boundary was not reached in {_ATTEMPTS} attempts"]

    def violations(self) -> Mapping[Crash | None, list[str]]:
        """Audit all stores: the violations by the crash of the order; None if no crash belongs to it."""
        report = audit.run(self._environment.stores, _SETTLE_TIMEOUT)
        problems = [(one.id, f"{one.rule}: {one.text}") for one in report.violations]
        repeated = self._records.repeated_events()
        problems += [(order_id, f"{type_} was published twice") for order_id, type_ in repeated]
        found: dict[Crash | None, list[str]] = {}
        for id_, text in problems:
            found.setdefault(self._crashes.get(id_), []).append(f"{id_}: {text}")
        return found

    def _new_buyer(self, scenario: Scenario) -> Buyer:
        buyer = Buyer(self._clients, scenario.card)
        self._records.create_account(buyer.account, buyer.email)
        buyer.set_items(scenario.cart)
        return buyer

    def _plan(self, buyer: Buyer, crash: Crash) -> None:
        self._environment.crash_plan(crash.service).set(buyer.trace, [str(one) for one in crash.boundaries])

    def _settle(self, buyer: Buyer, endings: Sequence[Ending]) -> list[str]:
        """Wait until the order has reached one of the endings, and return the problems that are left."""
        problems: list[str] = []

        def is_settled() -> bool:
            problems[:] = self._records.problems(buyer.account, endings)
            return not problems

        with suppress(AssertionError):
            wait_until(is_settled, _SETTLE_TIMEOUT)
        return problems

    def _problems(self, buyer: Buyer, scenario: Scenario, crash: Crash) -> list[str]:
        problems = self._settle(buyer, scenario.endings)
        orders = self._records.orders(buyer.account)
        self._crashes |= {order.id: crash for order in orders}
        if len(orders) == 1:
            problems += filter(None, [orders[0].contradiction(buyer.place())])
            taken, left = orders[0].taken_from_cart, buyer.cart()
            if left + taken != buyer.added and not buyer.is_uncertain:
                problems.append(f"of {buyer.added} in the cart, {taken} are ordered and {left} are left")
        return problems


class Slots:
    """Several slots, which run in parallel because a run mostly waits."""

    def __init__(self, make: Callable[[int], Slot], count: int, stack: ExitStack) -> None:
        self._pool = stack.enter_context(ThreadPoolExecutor(count))
        self._slots = list(self._pool.map(make, range(count)))

    def discover(self, scenario: Scenario, crash: Crash | None = None) -> Discovery:
        """Prepare every slot for this scenario, and return the boundaries that all of them reach."""

        def discover(slot: Slot) -> Discovery:
            slot.prepare(scenario)
            return slot.discover(scenario, crash)

        found = list(self._pool.map(discover, self._slots))
        common = {
            service: [one for one in reached if all(one in other.boundaries[service] for other in found)]
            for service, reached in found[0].boundaries.items()
        }
        return Discovery(found[0].order, common)

    def crash(self, scenario: Scenario, crashes: Sequence[Crash]) -> Mapping[Crash | None, list[str]]:
        """Run each crash with its own order, then audit; return the problems by crash, None for the others."""
        idle: SimpleQueue[Slot] = SimpleQueue()
        for slot in self._slots:
            idle.put(slot)

        def run(crash: Crash) -> list[str]:
            slot = idle.get()
            try:
                return slot.crash(scenario, crash)
            finally:
                idle.put(slot)

        problems: dict[Crash | None, list[str]] = {None: []}
        problems |= dict(zip(crashes, self._pool.map(run, crashes), strict=True))
        for found in self._pool.map(Slot.violations, self._slots):
            for crash, violations in found.items():
                problems.setdefault(crash, []).extend(violations)
        return problems
