"""Orders and their shipments: the totals are right, no order is forgotten, and what is sold is shipped once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from tools.audit.rules.rule import Problem, Rule, count, dollars
from tools.audit.snapshot import Order, Shipment, Snapshot

# An order that is PENDING after 600 seconds (GIVE_UP_SECONDS) is canceled at the next attempt. That attempt may have to
# wait for a worker's lease (20 s) and the longest pause between two attempts (30 s); the rest is for the compensation.
# No other step and no packed shipment may take longer, either.
DEADLINE = timedelta(seconds=600 + 60)


def orders(snapshot: Snapshot) -> Iterator[Problem]:
    """The total is right, the account exists, no request placed two orders, and the state matches the journey."""
    placed: dict[tuple[str, str], list[Order]] = defaultdict(list)
    for order in snapshot.orders.values():
        placed[order.account_id, order.idempotency_key].append(order)
        lines = _lines_cents(order)
        if lines + order.shipping_cents != order.total_cents:
            parts = f"{dollars(lines)} for its lines and {dollars(order.shipping_cents)} for shipping"
            yield order.id, f"the total is {dollars(order.total_cents)}, not {parts}"
        if order.account_id not in snapshot.accounts:
            yield order.id, "the account does not exist"
        if order.state != "CANCELLED" and order.was_confirmed == (order.state == "PENDING"):
            yield order.id, f"{order.state}, but {'' if order.was_confirmed else 'never '}confirmed"
    for duplicates in placed.values():
        for order in duplicates[1:]:
            yield order.id, f"the same request has already placed {duplicates[0].id}"


def deadlines(snapshot: Snapshot) -> Iterator[Problem]:
    """No order and no shipment is stuck."""
    for order in snapshot.unfinished:
        since = order.create_time if order.state == "PENDING" else order.move_time
        if snapshot.time - since > DEADLINE:
            yield order.id, f"{order.state}, and {order.next_step} is overdue"
        elif order.state == "CANCELLED":
            yield order.id, f"CANCELLED, but {order.next_step} is left to do"
    for order in snapshot.orders.values():
        if order.is_finished and order.state == "PENDING":
            yield order.id, "PENDING, but without a step left to do"
    for shipment in snapshot.shipments.values():
        if shipment.state == "PACKING" and snapshot.time - shipment.pack_until > DEADLINE:
            yield shipment.order_id, "the shipment is packed, but its handover to the carrier is overdue"


def shipments(snapshot: Snapshot) -> Iterator[Problem]:
    """Each order has the shipment that it must have, and each shipment has its order."""
    for order in snapshot.orders.values():
        shipment = snapshot.shipments.get(order.id)
        state = shipment.state if shipment else "missing"
        if order.is_completed:
            yield from ((order.id, text) for text in _problems_of_completed(order, shipment))
        elif not order.was_confirmed:
            if shipment and state != "CANCELLED":
                yield order.id, f"never confirmed, but the shipment is {state}"
        elif order.is_canceled and state != "CANCELLED":
            yield order.id, f"canceled, but the shipment is {state}"
    for order_id in snapshot.shipments.keys() - snapshot.orders.keys():
        yield order_id, f"a shipment ({snapshot.shipments[order_id].state}) without an order"


def _problems_of_completed(order: Order, shipment: Shipment | None) -> Iterator[str]:
    if shipment is None or shipment.state == "CANCELLED":
        yield f"completed, but the shipment is {shipment.state if shipment else 'missing'}"
        return
    if (order.state == "SHIPPED") != (shipment.state == "SHIPPED"):
        yield f"{order.state}, but the shipment is {shipment.state}"
    elif order.tracking_number != (shipment.tracking_number or ""):
        yield f"the tracking number is {order.tracking_number!r}, the shipment's is {shipment.tracking_number!r}"
    if (shipment.account_id, shipment.email) != (order.account_id, order.email):
        yield "the shipment is for another account or email address"


def _lines_cents(order: Order) -> int:
    return sum(line.quantity * line.unit_cents for line in order.lines)


def _orders_summary(snapshot: Snapshot) -> tuple[str, str]:
    found = snapshot.orders.values()
    lines, shipping = sum(map(_lines_cents, found)), sum(order.shipping_cents for order in found)
    total = sum(order.total_cents for order in found)
    return f"lines {dollars(lines)} + {dollars(shipping)}", f"orders: {len(found):,}, {dollars(total)}"


def _deadlines_summary(snapshot: Snapshot) -> tuple[str, str]:
    packing = sum(shipment.state == "PACKING" for shipment in snapshot.shipments.values())
    unfinished = f"{count(len(snapshot.unfinished), 'order')}, {count(packing, 'shipment')}"
    return "nothing overdue", f"unfinished: {unfinished}"


def _shipments_summary(snapshot: Snapshot) -> tuple[str, str]:
    orders_shipped = sum(order.state == "SHIPPED" for order in snapshot.completed)
    shipped = sum(shipment.state == "SHIPPED" for shipment in snapshot.shipments.values())
    return (
        f"{count(len(snapshot.completed), 'order')}, {orders_shipped:,} shipped",
        f"shipping: {shipped:,} of {len(snapshot.shipments):,} shipped",
    )


RULES = (
    Rule("orders", orders, _orders_summary),
    Rule("deadlines", deadlines, _deadlines_summary),
    Rule("shipments", shipments, _shipments_summary),
)
