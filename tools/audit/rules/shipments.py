"""Orders and shipping: each sold order has one shipment, and nothing is sent that is not sold."""

from __future__ import annotations

from collections.abc import Iterator

from tools.audit.books import Books, Order, Shipment
from tools.audit.rules.findings import Rule, Trouble, count


def shipments(books: Books) -> Iterator[Trouble]:
    """Each order has the shipment that it must have, and each shipment has its order."""
    for order in books.orders.values():
        shipment = books.shipments.get(order.id)
        if order.is_sold:
            yield from ((order.id, text) for text in _of_sold(order, shipment))
        elif not order.was_confirmed:
            if shipment and shipment.state != "CANCELLED":
                yield order.id, f"never confirmed, but the shipment is {shipment.state}"
        elif order.is_undone and (shipment is None or shipment.state != "CANCELLED"):
            yield order.id, f"cancelled, but the shipment is {shipment.state if shipment else 'missing'}"
    for order_id in books.shipments.keys() - books.orders.keys():
        yield order_id, f"a shipment ({books.shipments[order_id].state}) of no order"


def _of_sold(order: Order, shipment: Shipment | None) -> Iterator[str]:
    if shipment is None or shipment.state == "CANCELLED":
        yield f"sold, but the shipment is {shipment.state if shipment else 'missing'}"
        return
    if (order.state == "SHIPPED") != (shipment.state == "SHIPPED"):
        yield f"{order.state}, but the shipment is {shipment.state}"
    elif order.tracking_number != (shipment.tracking_number or ""):
        yield f"its tracking number is {order.tracking_number!r}, but the shipment's is {shipment.tracking_number!r}"
    if (shipment.account_id, shipment.email) != (order.account_id, order.email):
        yield "the shipment is for somebody else"


def _sides(books: Books) -> tuple[str, str]:
    told = sum(order.state == "SHIPPED" for order in books.sold)
    shipped = sum(shipment.state == "SHIPPED" for shipment in books.shipments.values())
    return (
        f"{count(len(books.sold), 'order')}, {told:,} shipped",
        f"shipping: {shipped:,} of {len(books.shipments):,} shipped",
    )


RULES = (Rule("shipments", shipments, _sides),)
