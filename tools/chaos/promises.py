"""What buyers were told about their purchases, held against what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tools.chaos.findings import Finding

BOUGHT = ("CONFIRMED", "SHIPPED")
BY_BUYER = "CANCELLED_BY_BUYER"
# A purchase that is refused for one of these was never written down.
WITHOUT_ORDER = ("CART_EMPTY", "PRODUCT_GONE")
REFUSED = "REFUSED"  # by a page, which gives its reason for people only


@dataclass(frozen=True)
class Told:
    """One clear answer about a purchase: the order's state, or the reason of a refusal."""

    order_id: str
    state: str = ""
    reason: str = ""
    lines: Mapping[str, int] = field(default_factory=dict)  # pieces by product

    def __str__(self) -> str:
        return f"{self.state or self.reason} {self.order_id}".rstrip()


@dataclass
class Purchase:
    """One purchase as its buyer knows it: all requests with one Idempotency-Key."""

    account_id: str
    key: str
    card: str
    wanted: Mapping[str, int]  # pieces by product
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
        yield from _left_out(purchase, told)
        if not _is_kept(purchase, told, order):
            yield f"said to be {told}, is {_described(order)}"
    for told in purchase.cancel_told:
        is_cancelled = order is not None and order.state == "CANCELLED"
        if told.state == "CANCELLED" and not is_cancelled:
            yield f"said to be cancelled, is {_described(order)}"
        if told.reason and is_cancelled:
            yield f"said to be too late to cancel, is {_described(order)}"


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


def _left_out(purchase: Purchase, told: Told) -> Iterator[str]:
    if told.lines:
        missing = [one for one, pieces in purchase.wanted.items() if told.lines.get(one, 0) < pieces]
        if missing:
            yield f"put into the basket, but not in order {told.order_id}: {', '.join(sorted(missing))}"


def _is_kept(purchase: Purchase, told: Told, order: Order | None) -> bool:
    if told.reason in WITHOUT_ORDER:
        return order is None
    if told.reason == REFUSED:
        return order is None or order.state == "CANCELLED"
    if order is None or (told.order_id and told.order_id != order.id):
        return False
    if told.reason:
        return order.state == "CANCELLED" and order.reason == told.reason
    if told.state in BOUGHT:
        return order.state in BOUGHT or (purchase.cancel_asked and order.reason == BY_BUYER)
    return told.state != "CANCELLED" or purchase.cancel_asked


def _described(order: Order | None) -> str:
    return f"{order.state} {order.reason} {order.id}".replace("  ", " ") if order else "nowhere"
