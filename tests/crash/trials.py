"""Trials: a fresh order, a service that dies at one boundary of it, and what has become of the order."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from tests.crash.books import Books, contradiction
from tests.crash.boundary import Boundary
from tests.crash.buyer import Buyer, Shop
from tests.crash.scenarios import Scenario
from tests.crash.world import SERVICES, World

_PATIENCE = 10.0  # how long an order may take to come to rest
_KILL_SECONDS = 3.0  # how long background work may take to come by
_TRIES = 3  # a boundary that isn't reached is tried again: a machine that is busy changes who does what


@dataclass(frozen=True)
class Crash:
    """A service, and the boundary at which it is killed."""

    service: str
    boundary: Boundary

    def __str__(self) -> str:
        return f"{self.service} killed before {self.boundary}"


class Lane:
    """A world, its buyers' channels and its books: trials run in it one after the other."""

    def __init__(self, world: World, stack: ExitStack) -> None:
        self._world = world
        stack.callback(world.stop)
        world.start()
        self._books = Books(world, stack)
        self._shop = Shop(world)
        stack.callback(self._shop.close)

    def prepare(self, scenario: Scenario) -> None:
        """Makes the world one for this scenario."""
        self._world.configure(scenario.all_settings)

    def discover(self, scenario: Scenario) -> Mapping[str, list[Boundary]]:
        """Runs the scenario with nobody killed: the boundaries that each service passes."""
        buyer = self._buyer(scenario)
        scenario.play(buyer, self._books)
        self._come_to_rest(scenario, buyer)
        found = {service: self._world.notes(service).passed(buyer.trace) for service in SERVICES}
        problems = self._problems(scenario, buyer)
        assert not problems, f"{scenario}, with nobody killed: {'; '.join(problems)}"
        return found

    def crash(self, scenario: Scenario, crash: Crash) -> list[str]:
        """Runs the scenario while a service is killed once: what is wrong afterwards."""
        for _ in range(_TRIES):
            buyer = self._buyer(scenario)
            notes = self._world.notes(crash.service)
            notes.arm(buyer.trace, crash.boundary)
            scenario.play(buyer, self._books)
            was_killed = notes.wait_until_died(_KILL_SECONDS)
            problems = self._problems(scenario, buyer)
            self._world.wait_until_ready()
            if problems or was_killed:
                return problems
        return [f"it was not reached in {_TRIES} runs"]

    def _buyer(self, scenario: Scenario) -> Buyer:
        buyer = Buyer(self._shop, scenario.card)
        buyer.fill_basket(scenario.basket)
        return buyer

    def _come_to_rest(self, scenario: Scenario, buyer: Buyer) -> list[str]:
        """What is wrong when nothing is wrong any more, or when patience ends."""
        return Retrying(
            retry=retry_if_result(bool),
            wait=wait_fixed(0.03),
            stop=stop_after_delay(_PATIENCE),
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else [],
        )(self._books.problems, buyer.account, scenario.ending)

    def _problems(self, scenario: Scenario, buyer: Buyer) -> list[str]:
        found = self._come_to_rest(scenario, buyer)
        orders = self._books.orders(buyer.account)
        if len(orders) == 1:
            found += filter(None, [contradiction(buyer.place(), orders[0])])
            basket = {} if orders[0]["was_confirmed"] else dict(scenario.basket)
            if buyer.basket() != basket:
                found.append(f"the basket holds {buyer.basket()} instead of {basket}")
        return found
