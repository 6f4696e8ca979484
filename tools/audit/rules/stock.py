"""Orders and inventory: what is sold leaves the stock once, and what is canceled comes back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from tools.audit.rules.rule import Problem, Rule, count
from tools.audit.snapshot import Reservation, Snapshot

# Inventory looks for expired reservations every second; the rest is for a busy or restarting service.
_EXPIRY_GRACE = timedelta(seconds=60)


def completed_orders(snapshot: Snapshot) -> Iterator[Problem]:
    """A completed order has a committed reservation, and exactly its units were sold."""
    for order in snapshot.completed:
        reservation = snapshot.reservations.get(order.id)
        state = reservation.state if reservation else "missing"
        if state != "COMMITTED":
            yield order.id, f"completed, but the reservation is {state}"
        sold = snapshot.moved(order.id, "SOLD")
        if sold != order.units:
            yield order.id, f"{_listed(sold)} sold instead of {_listed(order.units)}"
        if returned := snapshot.moved(order.id, "RETURNED"):
            yield order.id, f"completed, but {_listed(returned)} returned"


def canceled_orders(snapshot: Snapshot) -> Iterator[Problem]:
    """A canceled order keeps no reservation, and all units that were sold came back."""
    for order in snapshot.canceled:
        reservation = snapshot.reservations.get(order.id)
        if reservation and reservation.state not in ("RELEASED", "EXPIRED"):
            yield order.id, f"canceled, but the reservation is {reservation.state}"
        sold, returned = snapshot.moved(order.id, "SOLD"), snapshot.moved(order.id, "RETURNED")
        if sold != returned or sold not in (Counter(), order.units):
            yield order.id, f"canceled with {_listed(sold)} sold and {_listed(returned)} returned"


def reservations(snapshot: Snapshot) -> Iterator[Problem]:
    """A reservation has an order and its units, and expires in time; units move only with a reservation."""
    for reservation in snapshot.reservations.values():
        order = snapshot.orders.get(reservation.order_id)
        if order is None:
            yield reservation.order_id, f"a reservation ({reservation.state}) without an order"
        elif reservation.units != order.units and not _was_released_empty(reservation):
            yield order.id, f"{_listed(reservation.units)} reserved instead of {_listed(order.units)}"
        if reservation.state == "HELD" and snapshot.time - reservation.expire_time > _EXPIRY_GRACE:
            yield reservation.order_id, "the reservation has expired, but its units are still held"
    for movement in snapshot.movements:
        if movement.kind != "DELIVERED" and movement.reference not in snapshot.reservations:
            yield movement.reference, f"{movement.product_id}: units {movement.kind} without a reservation"


def stock(snapshot: Snapshot) -> Iterator[Problem]:
    """The stock of each product is what was delivered, less what was sold, plus what was returned."""
    for product in snapshot.stock:
        actual = product.available + product.held
        expected = product.delivered - product.sold + product.returned
        if actual != expected:
            yield product.product_id, f"{count(actual, 'unit')} instead of {expected:,}"
        if product.available < 0:
            yield product.product_id, f"{count(product.available, 'unit')} available"


def _was_released_empty(reservation: Reservation) -> bool:
    """Whether the release came before the reservation: then it never held a unit."""
    return reservation.state == "RELEASED" and not reservation.units


def _listed(units: Counter[str]) -> str:
    return ", ".join(f"{quantity} {product}" for product, quantity in sorted(units.items())) or "nothing"


def _completed_summary(snapshot: Snapshot) -> tuple[str, str]:
    ordered = sum(order.units.total() for order in snapshot.completed)
    sold = [snapshot.moved(order.id, "SOLD").total() for order in snapshot.completed]
    return (
        f"{count(len(snapshot.completed), 'order')}, {count(ordered, 'unit')}",
        f"inventory: {count(sum(map(bool, sold)), 'order')}, {sum(sold):,} sold",
    )


def _canceled_summary(snapshot: Snapshot) -> tuple[str, str]:
    sold = sum(snapshot.moved(order.id, "SOLD").total() for order in snapshot.canceled)
    returned = sum(snapshot.moved(order.id, "RETURNED").total() for order in snapshot.canceled)
    return (
        f"{count(len(snapshot.canceled), 'order')}, {count(sold, 'unit')} sold",
        f"inventory: {returned:,} returned",
    )


def _reservations_summary(snapshot: Snapshot) -> tuple[str, str]:
    committed = sum(reservation.state == "COMMITTED" for reservation in snapshot.reservations.values())
    found = f"inventory: {committed:,} of {len(snapshot.reservations):,} committed"
    return count(len(snapshot.orders), "order"), found


def _stock_summary(snapshot: Snapshot) -> tuple[str, str]:
    available, held = sum(p.available for p in snapshot.stock), sum(p.held for p in snapshot.stock)
    delivered, sold = sum(p.delivered for p in snapshot.stock), sum(p.sold for p in snapshot.stock)
    returned = sum(p.returned for p in snapshot.stock)
    expected = f"{delivered:,} - {sold:,} sold + {returned:,} back"
    return expected, f"inventory: {available:,} + {held:,} held"


RULES = (
    Rule("completed: stock", completed_orders, _completed_summary),
    Rule("canceled: stock", canceled_orders, _canceled_summary),
    Rule("reservations", reservations, _reservations_summary),
    Rule("stock", stock, _stock_summary),
)
