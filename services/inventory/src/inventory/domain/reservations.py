"""Reservations: stock that is held for an order, and the states of a reservation.

    HELD --> COMMITTED --> RELEASED
      |----> RELEASED
      '----> EXPIRED

If an order is released before it was reserved, its reservation is RELEASED from the start and has no lines.
A reservation only moves along these arrows, so a caller that loses a race sees why.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from nightmarket.limits import MAX_LINES, MAX_PRODUCT_ID, MAX_QUANTITY


class ProductNotFound(Exception):
    """No product with this id has ever been in stock."""


class LinesEmpty(Exception):
    """A reservation without lines."""


class TooManyLines(Exception):
    """More lines than an order may have."""


class ProductRepeated(Exception):
    """The same product on two lines."""


class QuantityInvalid(Exception):
    """A quantity below one, or above the maximum of an order."""


class SoldOut(Exception):
    """Too few units are available; `metadata` has the available units by product id."""

    def __init__(self, message: str, available: Mapping[str, int]) -> None:
        super().__init__(message)
        self.metadata = {product_id: str(units) for product_id, units in available.items()}


class ReservationNotFound(Exception):
    """There is no reservation for this order."""


class ReservationDiffers(Exception):
    """The order's reservation has other lines."""


class ReservationReleased(Exception):
    """The reservation was released."""


class ReservationExpired(Exception):
    """The reservation was not committed in time, so its units are available again."""


class State(StrEnum):
    """The state of a reservation."""

    HELD = "HELD"
    COMMITTED = "COMMITTED"
    RELEASED = "RELEASED"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, order=True)
class Line:
    """A product and the number of units to reserve."""

    product_id: str
    quantity: int


@dataclass(frozen=True)
class Reservation:
    """Stock that is held for an order until `expire_time`, unless it is committed before."""

    order_id: str
    lines: tuple[Line, ...]
    state: State
    expire_time: datetime

    def at(self, now: datetime) -> "Reservation":
        """Return the reservation at this time: EXPIRED if it is overdue, even if the sweeper has not seen it yet."""
        if self.state is State.HELD and self.expire_time <= now:
            return replace(self, state=State.EXPIRED)
        return self

    def matching(self, lines: tuple[Line, ...]) -> "Reservation":
        """Return the reservation if it has these lines.

        Raises ReservationDiffers if it has others, and ReservationReleased if it was released before it was made.
        """
        if not self.lines:
            raise ReservationReleased("The order was released before its stock was reserved.")
        if self.lines != lines:
            raise ReservationDiffers("The order has a reservation with other lines.")
        return self

    def committed(self) -> "Reservation":
        """Return the committed reservation; committing twice changes nothing.

        Raises ReservationReleased and ReservationExpired.
        """
        if self.state is State.RELEASED:
            raise ReservationReleased("The reservation was released.")
        if self.state is State.EXPIRED:
            raise ReservationExpired("The reservation has expired.")
        return replace(self, state=State.COMMITTED)

    def released(self) -> "Reservation":
        """Return the released reservation, committed or not; an expired one stays expired."""
        return self if self.state is State.EXPIRED else replace(self, state=State.RELEASED)


def checked_product_id(product_id: str) -> str:
    """Return the id. Raises ProductNotFound if no product can have it."""
    if len(product_id) > MAX_PRODUCT_ID or not product_id.isprintable():
        raise ProductNotFound("There is no such product.")
    return product_id


def checked_lines(lines: Iterable[Line]) -> tuple[Line, ...]:
    """Return the lines sorted by product: the form in which they are compared, stored and locked.

    Raises LinesEmpty, TooManyLines, ProductNotFound, ProductRepeated and QuantityInvalid.
    """
    ordered = tuple(sorted(lines))
    if not ordered:
        raise LinesEmpty("A reservation has at least one line.")
    if len(ordered) > MAX_LINES:
        raise TooManyLines(f"A reservation has at most {MAX_LINES} lines.")
    if len({checked_product_id(line.product_id) for line in ordered}) < len(ordered):
        raise ProductRepeated("Each product has one line.")
    if not all(1 <= line.quantity <= MAX_QUANTITY for line in ordered):
        raise QuantityInvalid(f"A line has 1 to {MAX_QUANTITY} units.")
    return ordered


def rejection(lines: tuple[Line, ...], available: Mapping[str, int]) -> ProductNotFound | SoldOut:
    """Return why the lines can't be reserved if these units were `available` by product id."""
    if unknown := [line.product_id for line in lines if line.product_id not in available]:
        return ProductNotFound(f"There is no such product: {', '.join(unknown)}")
    short = {
        line.product_id: available[line.product_id]
        for line in lines
        if available[line.product_id] < line.quantity
    }
    return SoldOut("Sorry, not enough left in stock.", short)
