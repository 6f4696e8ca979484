"""Invariants of a purchase: the responses that a buyer got must agree with the final order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

SOLD = ("CONFIRMED", "SHIPPED")
WITHOUT_ORDER = ("CART_EMPTY", "PRODUCT_GONE")  # rejections before an order is created
REJECTED = "REJECTED"  # by a page, which gives its reason in words only


@dataclass(frozen=True)
class Violation:
    """Something that must not happen: ``what`` it is, the same text for all of its kind, and ``where``."""

    what: str
    where: str

    def __str__(self) -> str:
        return f"{self.what}: {self.where}"


@dataclass(frozen=True)
class Observation:
    """One clear response about a purchase: the order's state, or the reason of a rejection."""

    order_id: str
    state: str = ""
    reason: str = ""
    lines: Mapping[str, int] = field(default_factory=dict)  # quantity by product

    def __str__(self) -> str:
        return f"{self.state or self.reason} {self.order_id}".rstrip()


@dataclass
class Purchase:
    """All requests with one Idempotency-Key, as their buyer observed them."""

    account_id: str
    key: str
    card: str
    cart: Mapping[str, int]  # quantity by product
    observed: list[Observation] = field(default_factory=list)
    cancel_requested: bool = False
    cancel_observed: list[Observation] = field(default_factory=list)

    @property
    def is_rejected(self) -> bool:
        """Whether the last response rejects the purchase, or there is none."""
        return not self.observed or bool(self.observed[-1].reason)


@dataclass(frozen=True)
class Order:
    """The final order of a purchase; ``reason`` says why it was canceled."""

    id: str
    state: str
    reason: str

    def __str__(self) -> str:
        return " ".join(filter(None, (self.state, self.reason, self.id)))


Orders = Mapping[tuple[str, str], Order]  # by account and Idempotency-Key


def check_purchases(purchases: Iterable[Purchase], orders: Orders) -> list[Violation]:
    """Return the violations of all purchases."""
    return [
        Violation("purchase and order disagree", f"purchase {purchase.key} with {purchase.card}: {problem}")
        for purchase in purchases
        for problem in check_purchase(purchase, orders.get((purchase.account_id, purchase.key)))
    ]


def count_outcomes(purchases: Iterable[Purchase], orders: Orders) -> Counter[str]:
    """Count the purchases by outcome: the order's final state, with the reason of a rejection."""

    def outcome(purchase: Purchase) -> str:
        order = orders.get((purchase.account_id, purchase.key))
        if order is None:
            reason = purchase.observed[-1].reason if purchase.observed else "no clear response"
            return f"no order: {reason}"
        return f"canceled: {order.reason}" if order.state == "CANCELLED" else order.state.lower()

    return Counter(outcome(purchase) for purchase in purchases)


def check_purchase(purchase: Purchase, order: Order | None) -> Iterator[str]:
    """Yield every disagreement between the responses and the final order."""
    yield from _contradictions(purchase.observed)
    for observation in purchase.observed:
        yield from _missing_lines(purchase, observation)
        if not _agrees(purchase, observation, order):
            yield f"response {observation}, final order {order}"
    for observation in purchase.cancel_observed:
        is_canceled = order is not None and order.state == "CANCELLED"
        if (observation.state == "CANCELLED" and not is_canceled) or (observation.reason and is_canceled):
            yield f"response to the cancellation {observation}, final order {order}"


def _contradictions(observed: list[Observation]) -> Iterator[str]:
    ids = sorted({one.order_id for one in observed if one.order_id})
    if len(ids) > 1:
        yield f"several orders for one key: {', '.join(ids)}"
    results = sorted({one.reason or "sold" for one in observed if one.reason or one.state in SOLD})
    if len(results) > 1:
        yield f"contradicting responses: {', '.join(results)}"


def _missing_lines(purchase: Purchase, observation: Observation) -> Iterator[str]:
    if observation.lines:
        lines = observation.lines
        missing = [product for product, quantity in purchase.cart.items() if lines.get(product, 0) < quantity]
        if missing:
            yield f"in the cart, but not in order {observation.order_id}: {', '.join(sorted(missing))}"


def _agrees(purchase: Purchase, observation: Observation, order: Order | None) -> bool:
    if observation.reason in WITHOUT_ORDER:
        return order is None
    if observation.reason == REJECTED:
        return order is None or order.state == "CANCELLED"
    if order is None or (observation.order_id and observation.order_id != order.id):
        return False
    if observation.reason:
        return order.state == "CANCELLED" and order.reason == observation.reason
    if observation.state in SOLD:
        canceled_by_buyer = purchase.cancel_requested and order.reason == "CANCELLED_BY_BUYER"
        return order.state in SOLD or canceled_by_buyer
    return observation.state != "CANCELLED" or purchase.cancel_requested
