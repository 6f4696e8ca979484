"""The ways that an order can go, each with how it must end whoever dies meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.crash.books import Books, Ending
from tests.crash.buyer import Buyer
from tests.crash.world import World
from tests.support.waiting import wait_until

Settings = Mapping[str, Mapping[str, Any]]
# Whoever died is missed soon; parcels leave at once.
_QUICK: Settings = {
    "orders": {"sweep_seconds": 0.1, "lease_seconds": 0.6},
    "shipping": {"pack_seconds": 0.0},
}
# Each order that nobody drives is given up.
_IMPATIENT: Settings = {"orders": {"give_up_seconds": 0.0}}
_BASKET = {"origami-paper": 2, "glass-marbles": 1}
_SECONDS = 20.0


def _buy(buyer: Buyer, _books: Books, _world: World) -> None:
    buyer.place()


def _buy_and_go_on(buyer: Buyer, _books: Books, _world: World) -> None:
    """Whatever comes of the first request, the basket gets fuller; then it is asked whether the order is placed."""
    buyer.ask_once()
    buyer.put_in_more("glass-marbles", 3)
    buyer.place()


def _buy_and_leave(buyer: Buyer, books: Books, _world: World) -> None:
    """Nobody asks again until the order, if there is one, has come to rest by itself."""
    buyer.ask_once()
    wait_until(lambda: all(not order.next_step for order in books.orders(buyer.account)), _SECONDS)
    buyer.place()


def _buy_and_cancel(buyer: Buyer, books: Books, _world: World) -> None:
    buyer.place()
    (order,) = wait_until(lambda: [o for o in books.orders(buyer.account) if not o.next_step], _SECONDS)
    buyer.cancel(order.id)


def _buy_while_the_bank_is_away(buyer: Buyer, books: Books, world: World) -> None:
    with world.without("bank"):
        buyer.place()
        wait_until(lambda: any(order.reason for order in books.orders(buyer.account)), _SECONDS)


@dataclass(frozen=True)
class Scenario:
    """What a buyer does, in a world with these settings, and how the order may end; the first way if nobody dies."""

    name: str
    endings: tuple[Ending, ...]
    card: str = "tok_visa"
    basket: Mapping[str, int] = field(default_factory=lambda: _BASKET)
    settings: Settings = field(default_factory=dict)
    play: Callable[[Buyer, Books, World], None] = _buy

    @property
    def all_settings(self) -> Settings:
        """What each service is given."""
        names = {*_QUICK, *self.settings}
        return {name: {**_QUICK.get(name, {}), **self.settings.get(name, {})} for name in names}

    def __str__(self) -> str:
        return self.name


_SHIPPED, _TIMED_OUT = Ending("SHIPPED"), Ending("CANCELLED", "CHECKOUT_TIMED_OUT")
GOOD_CARD = Scenario("a good card", (_SHIPPED,), play=_buy_and_go_on)
SCENARIOS = (
    GOOD_CARD,
    Scenario("a declined card", (Ending("CANCELLED", "CARD_DECLINED"),), card="tok_declined"),
    Scenario(
        "sold out", (Ending("CANCELLED", "SOLD_OUT"),), basket={"glass-marbles": 1, "kintsugi-bowl": 99}
    ),
    Scenario("the bank's answer is lost", (_SHIPPED,), card="tok_lost_answer"),
    Scenario(
        "the reservation expires",
        (Ending("CANCELLED", "RESERVATION_EXPIRED"),),
        settings={"inventory": {"reservation_seconds": 0.0}},
    ),
    Scenario(
        "cancelled by the buyer",
        (Ending("CANCELLED", "CANCELLED_BY_BUYER"),),
        settings={"shipping": {"pack_seconds": 600.0}},
        play=_buy_and_cancel,
    ),
    Scenario("given up at once", (_SHIPPED, _TIMED_OUT), settings=_IMPATIENT, play=_buy_and_leave),
    Scenario(
        "given up while the bank is away",
        (_TIMED_OUT,),
        settings=_IMPATIENT,
        play=_buy_while_the_bank_is_away,
    ),
)
