"""A snapshot without violations: one order of each kind, and the records of every store about it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

from tools.audit.rules import RULES
from tools.audit.snapshot import (
    CoPurchases,
    Email,
    Entry,
    Line,
    Movement,
    Order,
    Payment,
    Reservation,
    Shipment,
    Snapshot,
    Stock,
)

NOW = datetime(2031, 5, 1, 12, tzinfo=UTC)
LINES = (Line("bowl", 2, 1_000), Line("wok", 1, 5_000))
UNITS = Counter(bowl=2, wok=1)
TOTAL, SHIPPING = 7_500, 500
SEED = (("bowl", "wok"), ("wok", "mug"))
_ACCOUNTS = {
    "authorize": ("cardholder", "holds"),
    "capture": ("holds", "merchant"),
    "void": ("holds", "cardholder"),
    "refund": ("merchant", "cardholder"),
}
_PAYMENT_STATES = {"authorize": "AUTHORIZED", "capture": "CAPTURED", "void": "VOIDED", "refund": "REFUNDED"}
# For each order: the bank's operations, the state of its reservation, its movements, the state of its shipment.
_EFFECTS: dict[str, tuple[tuple[str, ...], str, tuple[str, ...], str]] = {
    "shipped": (("authorize", "capture"), "COMMITTED", ("SOLD",), "SHIPPED"),
    "packed": (("authorize", "capture"), "COMMITTED", ("SOLD",), "PACKING"),
    "canceled": (("authorize", "capture", "refund"), "RELEASED", ("SOLD", "RETURNED"), "CANCELLED"),
    "declined": ((), "RELEASED", (), ""),
    "expired": (("authorize", "void"), "EXPIRED", (), ""),
    "sold-out": ((), "", (), ""),
    "pending": (("authorize",), "HELD", (), ""),
}
CONFIRMED = ("shipped", "packed", "canceled")


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
    """An entry of the bank's ledger."""
    return Entry(position, f"auth {reference}", reference, operation, *_ACCOUNTS[operation], cents)


def an_email(order_id: str, kind: str, **changes: Any) -> Email:
    """An email that was sent to the buyer."""
    message_id = f"{kind} {order_id}".ljust(36, ".")
    email = Email(f"{order_id}:{kind}", message_id, kind, order_id, "ada@example.com", "sent")
    return replace(email, **changes)


def example_snapshot() -> Snapshot:
    """The whole snapshot; one email in the folder has been read."""
    orders = (
        an_order("shipped", state="SHIPPED", tracking_number="CM1"),
        an_order("packed"),
        an_order("canceled", state="CANCELLED"),
        an_order("declined", state="CANCELLED", confirm_time=None),
        an_order("expired", state="CANCELLED", confirm_time=None),
        an_order("sold-out", state="CANCELLED", confirm_time=None),
        an_order("pending", state="PENDING", next_step="stock.commit", confirm_time=None, create_time=NOW),
    )
    entries = [an_entry(order.id, operation) for order in orders for operation in _EFFECTS[order.id][0]]
    emails = [an_email(order_id, "confirmed") for order_id in CONFIRMED]
    emails += [an_email("shipped", "shipped"), an_email("canceled", "cancelled")]
    return Snapshot(
        time=NOW,
        accounts=frozenset({"ada"}),
        orders={order.id: order for order in orders},
        payments={order.id: payment for order in orders if (payment := _payment(order))},
        entries=tuple(replace(entry, position=place) for place, entry in enumerate(entries)),
        balances={"cardholder": -3 * TOTAL, "holds": TOTAL, "merchant": 2 * TOTAL},
        reservations={order.id: _reservation(order) for order in orders if _EFFECTS[order.id][1]},
        movements=_movements(orders),
        stock=(Stock("bowl", 94, 2, 100, 6, 2), Stock("wok", 7, 1, 10, 3, 1), Stock("mug", 5, 0, 5, 0, 0)),
        shipments={order.id: _shipment(order) for order in orders if _EFFECTS[order.id][3]},
        emails=tuple(emails),
        email_files=(f"{emails[0].message_id}:2,S", *(email.message_id for email in emails[1:])),
        co_purchases=_co_purchases(),
        outboxes={"orders": (), "shipping": ()},
        dead_letters={"shipping": 0},
    )


def _payment(order: Order) -> Payment | None:
    operations = _EFFECTS[order.id][0]
    if order.id == "sold-out":
        return None
    state = _PAYMENT_STATES[operations[-1]] if operations else "DECLINED"
    return Payment(order.id, state, TOTAL, "tok_visa", f"auth {order.id}")


def _reservation(order: Order) -> Reservation:
    return Reservation(order.id, _EFFECTS[order.id][1], NOW + timedelta(minutes=5), UNITS)


def _movements(orders: tuple[Order, ...]) -> tuple[Movement, ...]:
    delivered = [Movement("first-delivery", "bowl", "DELIVERED", 100)]
    moved = [
        Movement(order.id, product, kind, quantity)
        for order in orders
        for kind in _EFFECTS[order.id][2]
        for product, quantity in UNITS.items()
    ]
    return (*delivered, *moved)


def _shipment(order: Order) -> Shipment:
    state = _EFFECTS[order.id][3]
    if state == "CANCELLED":
        return Shipment(order.id, state, "", "", NOW, None)
    return Shipment(order.id, state, order.account_id, order.email, NOW, order.tracking_number or None)


def _co_purchases() -> CoPurchases:
    purchases = [*SEED, *(("bowl", "wok") for _ in CONFIRMED)]
    pairs = Counter(pair for products in purchases for pair in permutations(products, 2))
    return CoPurchases(
        Counter(product for products in purchases for product in products), pairs, frozenset(CONFIRMED), SEED
    )


def violations(snapshot: Snapshot) -> set[tuple[str, str]]:
    """The rule and the id of every violation."""
    return {(violation.rule, violation.id) for rule in RULES for violation in rule.violations(snapshot)}


def with_order(snapshot: Snapshot, order_id: str, **changes: Any) -> Snapshot:
    """The snapshot with an order changed."""
    return replace(
        snapshot, orders={**snapshot.orders, order_id: replace(snapshot.orders[order_id], **changes)}
    )


def changed(snapshot: Snapshot, field: str, key: str, **changes: Any) -> Snapshot:
    """The snapshot with one record changed; `field` is a mapping, `key` the record's key in it."""
    items = getattr(snapshot, field)
    parts: dict[str, Any] = {field: {**items, key: replace(items[key], **changes)}}
    return replace(snapshot, **parts)


def without(snapshot: Snapshot, field: str, key: str) -> Snapshot:
    """The snapshot without one record; `field` is a mapping, `key` the record's key in it."""
    parts: dict[str, Any] = {
        field: {name: item for name, item in getattr(snapshot, field).items() if name != key}
    }
    return replace(snapshot, **parts)
