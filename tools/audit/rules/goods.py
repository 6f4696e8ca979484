"""Orders and inventory: what is sold left the stock once, and what is not came back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from tools.audit.books import Books, Reservation
from tools.audit.rules.findings import Rule, Trouble, count

# Inventory looks every second for reservations that have lapsed.
_LAPSE = timedelta(seconds=60)


def sold_orders(books: Books) -> Iterator[Trouble]:
    """A sold order has a committed reservation, and just its pieces were sold."""
    for order in books.sold:
        reservation = books.reservations.get(order.id)
        if reservation is None or reservation.state != "COMMITTED":
            yield (
                order.id,
                f"sold, but the reservation is {reservation.state if reservation else 'missing'}",
            )
        if books.moved(order.id, "SOLD") != order.pieces:
            yield order.id, f"{_told(books.moved(order.id, 'SOLD'))} sold instead of {_told(order.pieces)}"
        if returned := books.moved(order.id, "RETURNED"):
            yield order.id, f"sold, but {_told(returned)} returned"


def cancelled_orders(books: Books) -> Iterator[Trouble]:
    """A cancelled order keeps no pieces, and those that were sold came back."""
    for order in books.undone:
        reservation = books.reservations.get(order.id)
        if reservation and reservation.state not in ("RELEASED", "EXPIRED"):
            yield order.id, f"cancelled, but the reservation is {reservation.state}"
        sold, returned = books.moved(order.id, "SOLD"), books.moved(order.id, "RETURNED")
        if sold != returned or sold not in (Counter(), order.pieces):
            yield order.id, f"cancelled with {_told(sold)} sold and {_told(returned)} returned"


def reservations(books: Books) -> Iterator[Trouble]:
    """A reservation is of a known order and its pieces, and lapses in time; what moves belongs to an order."""
    for reservation in books.reservations.values():
        order = books.orders.get(reservation.order_id)
        if order is None:
            yield reservation.order_id, f"a reservation ({reservation.state}) of no order"
        elif reservation.pieces != order.pieces and not _kept_nothing(reservation):
            yield order.id, f"{_told(reservation.pieces)} reserved instead of {_told(order.pieces)}"
        if reservation.state == "HELD" and books.time - reservation.expire_time > _LAPSE:
            yield reservation.order_id, "the reservation has lapsed, but its pieces are still held"
    for movement in books.movements:
        if movement.kind != "DELIVERED" and movement.reference not in books.reservations:
            yield movement.reference, f"{movement.product_id}: pieces {movement.kind} without a reservation"


def _kept_nothing(reservation: Reservation) -> bool:
    """Whether it was given back before anything was kept."""
    return reservation.state == "RELEASED" and not reservation.pieces


def stock(books: Books) -> Iterator[Trouble]:
    """Of each product there is what was delivered and not sold."""
    for product in books.stock:
        there = product.available + product.held
        expected = product.delivered - product.sold + product.returned
        if there != expected:
            yield product.product_id, f"{count(there, 'piece')} instead of {expected:,}"
        if product.available < 0:
            yield product.product_id, f"{product.available} pieces can be bought"


def _told(pieces: Counter[str]) -> str:
    return ", ".join(f"{quantity} {product}" for product, quantity in sorted(pieces.items())) or "nothing"


def _sold_sides(books: Books) -> tuple[str, str]:
    wanted = sum(order.pieces.total() for order in books.sold)
    sold = [books.moved(order.id, "SOLD").total() for order in books.sold]
    return (
        f"{count(len(books.sold), 'order')}, {count(wanted, 'piece')}",
        f"inventory: {count(sum(map(bool, sold)), 'order')}, {sum(sold):,} sold",
    )


def _cancelled_sides(books: Books) -> tuple[str, str]:
    sold = sum(books.moved(order.id, "SOLD").total() for order in books.undone)
    returned = sum(books.moved(order.id, "RETURNED").total() for order in books.undone)
    return (
        f"{count(len(books.undone), 'order')}, {count(sold, 'piece')} sold",
        f"inventory: {returned:,} returned",
    )


def _reservation_sides(books: Books) -> tuple[str, str]:
    committed = sum(reservation.state == "COMMITTED" for reservation in books.reservations.values())
    all_of_them = len(books.reservations)
    return count(len(books.orders), "order"), f"inventory: {committed:,} of {all_of_them:,} committed"


def _stock_sides(books: Books) -> tuple[str, str]:
    available, held = sum(p.available for p in books.stock), sum(p.held for p in books.stock)
    delivered, sold = sum(p.delivered for p in books.stock), sum(p.sold for p in books.stock)
    returned = sum(p.returned for p in books.stock)
    expected = f"{delivered:,} - {sold:,} sold + {returned:,} back"
    return expected, f"inventory: {available:,} + {held:,} held"


RULES = (
    Rule("sold: pieces", sold_orders, _sold_sides),
    Rule("cancelled: pieces", cancelled_orders, _cancelled_sides),
    Rule("reservations", reservations, _reservation_sides),
    Rule("stock", stock, _stock_sides),
)
