"""Reservations: pieces kept for an order, and what may become of them.

    HELD --> COMMITTED --> RELEASED
      |----> RELEASED
      '----> EXPIRED

One that is given back before it was made is RELEASED from the start, without lines.
A reservation only ever moves along these arrows, so that whoever loses a race sees why.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from inventory.domain.lines import Line

LONGEST_ORDER_ID = 64


class OrderIdInvalid(Exception):
    """Not what any order is called."""


class ReservationNotFound(Exception):
    """Nothing was ever kept for this order."""


class ReservationDiffers(Exception):
    """Something else is kept for this order."""


class ReservationReleased(Exception):
    """The pieces were given back."""


class ReservationExpired(Exception):
    """The pieces were not bought in time and went back to the stock."""


class State(StrEnum):
    """Where a reservation stands."""

    HELD = "HELD"
    COMMITTED = "COMMITTED"
    RELEASED = "RELEASED"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True)
class Reservation:
    """Pieces kept for an order, until `expire_time` unless they are bought before."""

    order_id: str
    lines: tuple[Line, ...]
    state: State
    expire_time: datetime

    def at(self, now: datetime) -> "Reservation":
        """As it stands at this time: one that is overdue has expired, whether or not it was swept up yet."""
        if self.state is State.HELD and self.expire_time <= now:
            return replace(self, state=State.EXPIRED)
        return self

    def same(self, lines: tuple[Line, ...]) -> "Reservation":
        """This one, if it keeps just these lines. Raises ReservationDiffers.

        One without lines was given back before it was made: raises ReservationReleased.
        """
        if not self.lines:
            raise ReservationReleased("The order gave its pieces back before they were kept.")
        if self.lines != lines:
            raise ReservationDiffers("Other pieces are kept for this order.")
        return self

    def committed(self) -> "Reservation":
        """Sold; a second time changes nothing. Raises ReservationReleased and ReservationExpired."""
        if self.state is State.RELEASED:
            raise ReservationReleased("The pieces were given back.")
        if self.state is State.EXPIRED:
            raise ReservationExpired("The pieces were not bought in time.")
        return replace(self, state=State.COMMITTED)

    def released(self) -> "Reservation":
        """Given back, sold or not; one that has expired stays so."""
        return self if self.state is State.EXPIRED else replace(self, state=State.RELEASED)


def checked_order_id(order_id: str) -> str:
    """The id, if an order may be called so. Raises OrderIdInvalid."""
    if not 1 <= len(order_id) <= LONGEST_ORDER_ID or not order_id.isprintable():
        raise OrderIdInvalid(f"An order's id has 1 to {LONGEST_ORDER_ID} printable characters.")
    return order_id
