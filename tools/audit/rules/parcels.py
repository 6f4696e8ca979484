"""Orders and shipping: each sold order has one parcel, and nothing is sent that is not sold."""

from __future__ import annotations

from collections.abc import Iterator

from tools.audit.books import Books, Consignment, Order
from tools.audit.rules.findings import Rule, Trouble, count


def parcels(books: Books) -> Iterator[Trouble]:
    """Each order has the parcel that it must have, and each parcel has its order."""
    for order in books.orders.values():
        parcel = books.consignments.get(order.id)
        if order.is_sold:
            yield from ((order.id, text) for text in _of_sold(order, parcel))
        elif not order.was_confirmed:
            if parcel and parcel.state != "WITHHELD":
                yield order.id, f"never confirmed, but the parcel is {parcel.state}"
        elif order.is_undone and (parcel is None or parcel.state != "WITHHELD"):
            yield order.id, f"cancelled, but the parcel is {parcel.state if parcel else 'missing'}"
    for order_id in books.consignments.keys() - books.orders.keys():
        yield order_id, f"a parcel ({books.consignments[order_id].state}) of no order"


def _of_sold(order: Order, parcel: Consignment | None) -> Iterator[str]:
    if parcel is None or parcel.state == "WITHHELD":
        yield f"sold, but the parcel is {parcel.state if parcel else 'missing'}"
        return
    if (order.state == "SHIPPED") != (parcel.state == "CONSIGNED"):
        yield f"{order.state}, but the parcel is {parcel.state}"
    elif order.tracking_number != (parcel.tracking_number or ""):
        yield f"its tracking number is {order.tracking_number!r}, but the parcel's is {parcel.tracking_number!r}"
    if (parcel.account_id, parcel.email) != (order.account_id, order.email):
        yield "the parcel is for somebody else"


def _sides(books: Books) -> tuple[str, str]:
    shipped = sum(order.state == "SHIPPED" for order in books.sold)
    consigned = sum(parcel.state == "CONSIGNED" for parcel in books.consignments.values())
    return (
        f"{count(len(books.sold), 'order')}, {shipped:,} shipped",
        f"shipping: {consigned:,} of {len(books.consignments):,} consigned",
    )


RULES = (Rule("parcels", parcels, _sides),)
