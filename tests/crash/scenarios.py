"""The ways that an order can go, each with how it must end whoever dies meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chassis.testing import eventually
from tests.crash.books import Books, Ending
from tests.crash.buyer import Buyer

Settings = Mapping[str, Mapping[str, Any]]
# Whoever died is missed soon; orders leave at once.
_QUICK: Settings = {"orders": {"sweep_seconds": 0.1, "lease_seconds": 0.6}, "shipping": {"pack_seconds": 0.0}}
_BASKET = {"origami-paper": 2, "glass-marbles": 1}


def _buy(buyer: Buyer, _books: Books) -> None:
    buyer.place()


def _buy_and_cancel(buyer: Buyer, books: Books) -> None:
    buyer.place()
    (order,) = eventually(lambda: [order for order in books.orders(buyer.account) if not order["next_step"]])
    buyer.cancel(order["id"])


@dataclass(frozen=True)
class Scenario:
    """What a buyer does, in a market with these settings, and how the order ends."""

    name: str
    ending: Ending
    card: str = "tok_visa"
    basket: Mapping[str, int] = field(default_factory=lambda: _BASKET)
    settings: Settings = field(default_factory=dict)
    play: Callable[[Buyer, Books], None] = _buy

    @property
    def all_settings(self) -> Settings:
        """What each service is given."""
        names = {*_QUICK, *self.settings}
        return {name: {**_QUICK.get(name, {}), **self.settings.get(name, {})} for name in names}

    def __str__(self) -> str:
        return self.name


SCENARIOS = (
    Scenario("a good card", Ending("SHIPPED")),
    Scenario("a declined card", Ending("CANCELLED", "CARD_DECLINED"), card="tok_declined"),
    Scenario("sold out", Ending("CANCELLED", "SOLD_OUT"), basket={"glass-marbles": 1, "kintsugi-bowl": 99}),
    Scenario("an answer of the bank that is lost", Ending("SHIPPED"), card="tok_lost_answer"),
    Scenario(
        "a reservation that expires before it is paid",
        Ending("CANCELLED", "RESERVATION_EXPIRED"),
        settings={"inventory": {"reservation_seconds": 0.0}},
    ),
    Scenario(
        "cancelled by the buyer",
        Ending("CANCELLED", "CANCELLED_BY_BUYER"),
        settings={"shipping": {"pack_seconds": 600.0}},
        play=_buy_and_cancel,
    ),
)
