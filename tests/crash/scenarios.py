"""The ways that an order can take, each with its endings, which must not depend on a crash."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.crash.buyer import Buyer
from tests.crash.environment import Environment
from tests.crash.records import Ending, Records
from tests.support.waiting import wait_until

Settings = Mapping[str, Mapping[str, Any]]
# Orders takes over from a crashed process soon, and shipments leave at once.
_SHORT_DELAYS: Settings = {
    "orders": {"sweep_seconds": 0.1, "lease_seconds": 0.6},
    "shipping": {"pack_seconds": 0.0},
}
# The sweeper cancels every pending order.
_TIMEOUT_AT_ONCE: Settings = {"orders": {"give_up_seconds": 0.0}}
_CART = {"origami-paper": 2, "glass-marbles": 1}
_TIMEOUT = 20.0


def _buy(buyer: Buyer, _records: Records, _environment: Environment) -> None:
    buyer.place()


def _buy_and_add_more(buyer: Buyer, _records: Records, _environment: Environment) -> None:
    """Add to the cart after the first attempt, whatever its result, and then retry the order."""
    buyer.place_once()
    buyer.add_item("glass-marbles", 3)
    buyer.place()


def _buy_and_leave(buyer: Buyer, records: Records, _environment: Environment) -> None:
    """Retry the order only after the sweeper has finished it, if there is one."""
    buyer.place_once()
    wait_until(lambda: all(not order.next_step for order in records.orders(buyer.account)), _TIMEOUT)
    buyer.place()


def _buy_and_cancel(buyer: Buyer, records: Records, _environment: Environment) -> None:
    buyer.place()
    (order,) = wait_until(lambda: [o for o in records.orders(buyer.account) if not o.next_step], _TIMEOUT)
    buyer.cancel(order.id)


def _buy_while_the_bank_is_down(buyer: Buyer, records: Records, environment: Environment) -> None:
    with environment.without("bank"):
        buyer.place()
        wait_until(lambda: any(order.reason for order in records.orders(buyer.account)), _TIMEOUT)


@dataclass(frozen=True)
class Scenario:
    """What a buyer does, the settings of the services, and the possible endings; the first one if there is no crash."""

    name: str
    endings: tuple[Ending, ...]
    card: str = "tok_visa"
    cart: Mapping[str, int] = field(default_factory=lambda: _CART)
    settings: Settings = field(default_factory=dict)
    run: Callable[[Buyer, Records, Environment], None] = _buy

    @property
    def all_settings(self) -> Settings:
        """The settings of each service, those of all scenarios included."""
        names = {*_SHORT_DELAYS, *self.settings}
        return {name: {**_SHORT_DELAYS.get(name, {}), **self.settings.get(name, {})} for name in names}

    def __str__(self) -> str:
        return self.name


_SHIPPED, _TIMED_OUT = Ending("SHIPPED"), Ending("CANCELLED", "CHECKOUT_TIMED_OUT")
VALID_CARD = Scenario("a valid card", (_SHIPPED,), run=_buy_and_add_more)
SCENARIOS = (
    VALID_CARD,
    Scenario("a declined card", (Ending("CANCELLED", "CARD_DECLINED"),), card="tok_declined"),
    Scenario("sold out", (Ending("CANCELLED", "SOLD_OUT"),), cart={"glass-marbles": 1, "kintsugi-bowl": 99}),
    Scenario("the bank's answer is lost", (_SHIPPED,), card="tok_lost_answer"),
    Scenario(
        "the reservation expires",
        (Ending("CANCELLED", "RESERVATION_EXPIRED"),),
        settings={"inventory": {"reservation_seconds": 0.0}},
    ),
    Scenario(
        "canceled by the buyer",
        (Ending("CANCELLED", "CANCELLED_BY_BUYER"),),
        settings={"shipping": {"pack_seconds": 600.0}},
        run=_buy_and_cancel,
    ),
    Scenario(
        "checkout timeout at once", (_SHIPPED, _TIMED_OUT), settings=_TIMEOUT_AT_ONCE, run=_buy_and_leave
    ),
    Scenario(
        "checkout timeout while the bank is down",
        (_TIMED_OUT,),
        settings=_TIMEOUT_AT_ONCE,
        run=_buy_while_the_bank_is_down,
    ),
)
