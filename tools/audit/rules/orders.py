"""Orders by themselves: they add up, and none is forgotten."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from tools.audit.books import Books, Order
from tools.audit.rules.findings import Rule, Trouble, count, dollars

# An order that is PENDING after 600 seconds (GIVE_UP_SECONDS) is cancelled by whoever looks at it next. That may be
# a driver's lease (20 s) and the longest pause between two tries (30 s) later; ten more seconds are for the way back.
# No other step and no packed shipment may take longer either.
DEADLINE = timedelta(seconds=600 + 60)


def orders(books: Books) -> Iterator[Trouble]:
    """An order adds up, is of a known account, and is the only one of its request; its state fits its journey."""
    placed: dict[tuple[str, str], list[Order]] = defaultdict(list)
    for order in books.orders.values():
        placed[order.account_id, order.idempotency_key].append(order)
        lines = sum(line.quantity * line.unit_cents for line in order.lines)
        if lines + order.shipping_cents != order.total_cents:
            told = f"{dollars(lines)} for its lines and {dollars(order.shipping_cents)} for shipping"
            yield order.id, f"its total is {dollars(order.total_cents)}, not {told}"
        if order.account_id not in books.accounts:
            yield order.id, "its account is not known"
        if order.state != "CANCELLED" and order.was_confirmed == (order.state == "PENDING"):
            yield order.id, f"{order.state}, but {'' if order.was_confirmed else 'never '}confirmed"
    for twins in placed.values():
        for order in twins[1:]:
            yield order.id, f"the same request has placed {twins[0].id} already"


def deadlines(books: Books) -> Iterator[Trouble]:
    """No order and no shipment waits for longer than it may."""
    for order in books.unfinished:
        since = order.create_time if order.state == "PENDING" else order.move_time
        if books.time - since > DEADLINE:
            yield order.id, f"{order.state} with {order.next_step} left to do, for too long"
        elif order.state == "CANCELLED":
            yield order.id, f"CANCELLED, but with {order.next_step} left to do"
    for order in books.orders.values():
        if order.is_finished and order.state == "PENDING":
            yield order.id, "PENDING, but with nothing left to do"
    for shipment in books.shipments.values():
        if shipment.state == "PACKING" and books.time - shipment.pack_until > DEADLINE:
            yield shipment.order_id, "the shipment is packed, but was not handed over for too long"


def _order_sides(books: Books) -> tuple[str, str]:
    found = books.orders.values()
    lines = sum(line.quantity * line.unit_cents for order in found for line in order.lines)
    shipping, total = sum(o.shipping_cents for o in found), sum(o.total_cents for o in found)
    return f"lines {dollars(lines)} + {dollars(shipping)}", f"orders: {len(found):,}, {dollars(total)}"


def _deadline_sides(books: Books) -> tuple[str, str]:
    packing = sum(shipment.state == "PACKING" for shipment in books.shipments.values())
    unfinished = f"{count(len(books.unfinished), 'order')}, {count(packing, 'shipment')}"
    return "none waits for too long", f"unfinished: {unfinished}"


RULES = (Rule("orders", orders, _order_sides), Rule("deadlines", deadlines, _deadline_sides))
