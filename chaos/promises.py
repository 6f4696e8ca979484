"""What buyers were told about their purchases, held against what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from chaos.findings import Finding

BOUGHT = ("CONFIRMED", "SHIPPED")
BY_BUYER = "CANCELLED_BY_BUYER"
# A purchase that is refused for one of these was never written down.
WITHOUT_ORDER = ("CART_EMPTY", "PRODUCT_GONE")


@dataclass(frozen=True)
class Told:
    """One clear answer about a purchase: the order's state, or the reason of a refusal."""

    order_id: str
    state: str = ""
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.state or self.reason} {self.order_id}".rstrip()


@dataclass
class Purchase:
    """One purchase as its buyer knows it: all requests with one Idempotency-Key."""

    account_id: str
    key: str
    card: str
    told: list[Told] = field(default_factory=list)
    cancel_asked: bool = False
    cancel_told: list[Told] = field(default_factory=list)


@dataclass(frozen=True)
class Order:
    """What became of a purchase: a row of the market's orders."""

    id: str
    state: str
    reason: str  # why it was cancelled


def broken(purchase: Purchase, order: Order | None) -> Iterator[str]:
    """Each promise about the purchase that was not kept, in words."""
    yield from _contradictions(purchase.told)
    for told in purchase.told:
        if told.reason in WITHOUT_ORDER:
            kept = order is None
        elif order is None:
            kept = False
        elif told.reason:
            kept = order.state == "CANCELLED" and order.reason == told.reason
        elif told.state in BOUGHT:
            kept = order.state in BOUGHT or (purchase.cancel_asked and order.reason == BY_BUYER)
        else:
            kept = order.id == told.order_id and (told.state != "CANCELLED" or purchase.cancel_asked)
        if not kept:
            yield f"said to be {told}, is {_described(order)}"
    yield from _broken_cancellations(purchase, order)


def all_broken(purchases: Iterable[Purchase], orders: Mapping[tuple[str, str], Order]) -> list[Finding]:
    """The broken promises of all purchases; ``orders`` are by account and Idempotency-Key."""
    return [
        Finding("a promise that was not kept", f"purchase {purchase.key} with {purchase.card}: {trouble}")
        for purchase in purchases
        for trouble in broken(purchase, orders.get((purchase.account_id, purchase.key)))
    ]


def _contradictions(answers: list[Told]) -> Iterator[str]:
    ids = sorted({told.order_id for told in answers if told.order_id})
    if len(ids) > 1:
        yield f"several orders under one key: {', '.join(ids)}"
    ends = sorted({told.reason or "bought" for told in answers if told.reason or told.state in BOUGHT})
    if len(ends) > 1:
        yield f"contradicting answers: {', '.join(ends)}"


def _broken_cancellations(purchase: Purchase, order: Order | None) -> Iterator[str]:
    cancelled = order is not None and order.state == "CANCELLED"
    for told in purchase.cancel_told:
        if told.state == "CANCELLED" and not cancelled:
            yield f"said to be cancelled, is {_described(order)}"
        if told.reason and cancelled:
            yield f"said to be too late to cancel ({told}), is {_described(order)}"


def _described(order: Order | None) -> str:
    return f"{order.state} {order.reason} {order.id}".replace("  ", " ") if order else "nowhere"
