"""The use cases of inventory: reserve stock for an order, commit it, release it, let it expire."""

from collections.abc import Callable, Iterable

from inventory.domain.reservations import (
    Line,
    Reservation,
    ReservationNotFound,
    SoldOut,
    State,
    checked_lines,
    checked_product_id,
    rejection,
)
from inventory.metrics import RESERVATIONS
from inventory.store import Store
from nightmarket.limits import check_order_id

_SWEEP_BATCH = 50


class InventoryService:
    """Reserves stock; a reservation expires after `reservation_seconds` unless it is committed."""

    def __init__(self, store: Store, reservation_seconds: float) -> None:
        self._store = store
        self._seconds = reservation_seconds

    def available(self, product_id: str) -> int:
        """Return how many units can be bought now. Raises ProductNotFound."""
        return self._store.available(checked_product_id(product_id))

    def reserve(self, order_id: str, lines: Iterable[Line]) -> Reservation:
        """Reserve all lines for the order, or return its existing reservation.

        Raises SoldOut, ProductNotFound, ReservationDiffers, ReservationReleased if the order was released before,
        and the exceptions of `check_order_id` and `checked_lines`.
        """
        wanted, order_id = checked_lines(lines), check_order_id(order_id)
        available, expire_time = self._store.try_to_reserve(order_id, wanted, self._seconds)
        if expire_time:
            RESERVATIONS.labels("held").inc()
            return Reservation(order_id, wanted, State.HELD, expire_time)
        # The order may have a reservation from an earlier call: the order id is the idempotency key.
        if found := self._store.find(order_id):
            earlier, now = found
            return earlier.matching(wanted).at(now)
        error = rejection(wanted, available)
        RESERVATIONS.labels("sold_out" if isinstance(error, SoldOut) else "unknown_product").inc()
        raise error

    def commit(self, order_id: str) -> Reservation:
        """Turn the order's reservation into a sale.

        Raises OrderIdInvalid, ReservationNotFound, ReservationReleased and ReservationExpired.
        """
        return self._change(check_order_id(order_id), Reservation.committed)

    def release(self, order_id: str) -> Reservation:
        """Return the order's units to stock, held or sold. Raises OrderIdInvalid.

        If the order has no reservation yet, it can't get one later: a Reserve that is still on its way comes too late.
        """
        if self._store.add_released(check_order_id(order_id)):
            RESERVATIONS.labels("released").inc()
        return self._change(order_id, Reservation.released)

    def expire_overdue(self) -> None:
        """Return the units of overdue reservations to stock, in batches until none is left."""
        while overdue := self._store.overdue(_SWEEP_BATCH):
            for order_id in overdue:
                if self._store.transition(order_id, State.HELD, State.EXPIRED):
                    RESERVATIONS.labels("expired").inc()

    def _change(self, order_id: str, rule: Callable[[Reservation], Reservation]) -> Reservation:
        # If a concurrent change came first, the transition fails and the rule decides again on the new state. The
        # loop ends because states only move forward.
        while True:
            found = self._store.find(order_id)
            if found is None:
                raise ReservationNotFound("There is no reservation for this order.")
            before, now = found
            after = rule(before.at(now))
            if after.state is before.state:
                return after
            if self._store.transition(order_id, before.state, after.state):
                RESERVATIONS.labels(after.state.lower()).inc()
                return after
