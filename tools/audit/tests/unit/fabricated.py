"""A market in perfect order, made up: one order of each kind, and what every store has of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

from tools.audit.books import (
    Books,
    Entry,
    Lessons,
    Line,
    Mail,
    Movement,
    Order,
    Payment,
    Reservation,
    Shipment,
    Stock,
)
from tools.audit.rules import RULES

NOW = datetime(2031, 5, 1, 12, tzinfo=UTC)
LINES = (Line("bowl", 2, 1_000), Line("wok", 1, 5_000))
PIECES = Counter(bowl=2, wok=1)
TOTAL, SHIPPING = 7_500, 500
SEED = (("bowl", "wok"), ("wok", "mug"))
_SIDES = {
    "authorize": ("cardholder", "holds"),
    "capture": ("holds", "merchant"),
    "void": ("holds", "cardholder"),
    "refund": ("merchant", "cardholder"),
}
_PAYMENT_STATES = {"authorize": "AUTHORIZED", "capture": "CAPTURED", "void": "VOIDED", "refund": "REFUNDED"}
# What is done for each kind of order: at the bank, to its reservation, to its pieces and to its shipment.
_DONE: dict[str, tuple[tuple[str, ...], str, tuple[str, ...], str]] = {
    "shipped": (("authorize", "capture"), "COMMITTED", ("SOLD",), "SHIPPED"),
    "packed": (("authorize", "capture"), "COMMITTED", ("SOLD",), "PACKING"),
    "regretted": (("authorize", "capture", "refund"), "RELEASED", ("SOLD", "RETURNED"), "CANCELLED"),
    "declined": ((), "RELEASED", (), ""),
    "expired": (("authorize", "void"), "EXPIRED", (), ""),
    "sold-out": ((), "", (), ""),
    "begun": (("authorize",), "HELD", (), ""),
}
CONFIRMED = ("shipped", "packed", "regretted")


def an_order(order_id: str, **changes: Any) -> Order:
    """A confirmed order of 75 dollars, an hour old."""
    order = Order(
        id=order_id,
        account_id="ada",
        email="ada@example.com",
        idempotency_key=f"key of {order_id}",
        state="CONFIRMED",
        lines=LINES,
        shipping_cents=SHIPPING,
        total_cents=TOTAL,
        payment_token="tok_visa",
        tracking_number="",
        next_step=None,
        create_time=NOW - timedelta(hours=1),
        confirm_time=NOW - timedelta(hours=1),
        move_time=NOW - timedelta(hours=1),
    )
    return replace(order, **changes)


def an_entry(reference: str, operation: str, cents: int = TOTAL, position: int = 100) -> Entry:
    """The bank has moved the amount."""
    return Entry(position, f"auth {reference}", reference, operation, *_SIDES[operation], cents)


def a_mail(order_id: str, kind: str, **changes: Any) -> Mail:
    """A mail that was sent to Ada."""
    letter = f"{kind} {order_id}".ljust(36, ".")
    mail = Mail(f"{order_id}:{kind}", letter, kind, order_id, "ada@example.com", "sent")
    return replace(mail, **changes)


def a_market() -> Books:
    """All of it; one mail in the folder has been read."""
    orders = (
        an_order("shipped", state="SHIPPED", tracking_number="CM1"),
        an_order("packed"),
        an_order("regretted", state="CANCELLED"),
        an_order("declined", state="CANCELLED", confirm_time=None),
        an_order("expired", state="CANCELLED", confirm_time=None),
        an_order("sold-out", state="CANCELLED", confirm_time=None),
        an_order("begun", state="PENDING", next_step="stock.commit", confirm_time=None, create_time=NOW),
    )
    entries = [an_entry(order.id, operation) for order in orders for operation in _DONE[order.id][0]]
    mails = [a_mail(order_id, "confirmed") for order_id in CONFIRMED]
    mails += [a_mail("shipped", "shipped"), a_mail("regretted", "cancelled")]
    return Books(
        time=NOW,
        accounts=frozenset({"ada"}),
        orders={order.id: order for order in orders},
        payments={order.id: payment for order in orders if (payment := _payment(order))},
        entries=tuple(replace(entry, position=place) for place, entry in enumerate(entries)),
        balances={"cardholder": -3 * TOTAL, "holds": TOTAL, "merchant": 2 * TOTAL},
        reservations={order.id: _reservation(order) for order in orders if _DONE[order.id][1]},
        movements=_movements(orders),
        stock=(Stock("bowl", 94, 2, 100, 6, 2), Stock("wok", 7, 1, 10, 3, 1), Stock("mug", 5, 0, 5, 0, 0)),
        shipments={order.id: _shipment(order) for order in orders if _DONE[order.id][3]},
        mails=tuple(mails),
        letters=(f"{mails[0].letter_id}:2,S", *(mail.letter_id for mail in mails[1:])),
        lessons=_lessons(),
        outboxes={"orders": (), "shipping": ()},
        dead_letters={"shipping": 0},
    )


def _payment(order: Order) -> Payment | None:
    done = _DONE[order.id][0]
    if order.id == "sold-out":
        return None
    state = _PAYMENT_STATES[done[-1]] if done else "DECLINED"
    return Payment(order.id, state, TOTAL, "tok_visa", f"auth {order.id}")


def _reservation(order: Order) -> Reservation:
    return Reservation(order.id, _DONE[order.id][1], NOW + timedelta(minutes=5), PIECES)


def _movements(orders: tuple[Order, ...]) -> tuple[Movement, ...]:
    delivered = [Movement("first-delivery", "bowl", "DELIVERED", 100)]
    moved = [
        Movement(order.id, product, kind, quantity)
        for order in orders
        for kind in _DONE[order.id][2]
        for product, quantity in PIECES.items()
    ]
    return (*delivered, *moved)


def _shipment(order: Order) -> Shipment:
    state = _DONE[order.id][3]
    if state == "CANCELLED":
        return Shipment(order.id, state, "", "", NOW, None)
    return Shipment(order.id, state, order.account_id, order.email, NOW, order.tracking_number or None)


def _lessons() -> Lessons:
    baskets = [*SEED, *(("bowl", "wok") for _ in CONFIRMED)]
    pairs = Counter(pair for basket in baskets for pair in permutations(basket, 2))
    return Lessons(
        Counter(product for basket in baskets for product in basket), pairs, frozenset(CONFIRMED), SEED
    )


def findings(books: Books) -> set[tuple[str, str]]:
    """What all rules find: which rule, and which id."""
    return {(finding.rule, finding.id) for rule in RULES for finding in rule.findings(books)}


def with_order(books: Books, order_id: str, **changes: Any) -> Books:
    """The books with an order changed."""
    return replace(books, orders={**books.orders, order_id: replace(books.orders[order_id], **changes)})


def changed(books: Books, field: str, key: str, **changes: Any) -> Books:
    """The books with one item of a field that maps changed."""
    items = getattr(books, field)
    parts: dict[str, Any] = {field: {**items, key: replace(items[key], **changes)}}
    return replace(books, **parts)


def without(books: Books, field: str, key: str) -> Books:
    """The books with one item of a field that maps taken out."""
    parts: dict[str, Any] = {
        field: {name: item for name, item in getattr(books, field).items() if name != key}
    }
    return replace(books, **parts)
