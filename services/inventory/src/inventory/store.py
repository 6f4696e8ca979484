"""Inventory's tables: what the domain decides is done in one statement, if the state is still what it was."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, LiteralString

from prometheus_client import Counter

from chassis.database import Connection, Database, Row
from inventory import statements
from inventory.domain.lines import Line, ProductNotFound, SoldOut, refusal
from inventory.domain.reservations import Reservation, ReservationNotFound, State

RESERVATIONS = Counter("market_reservations_total", "Reservations, by what became of them.", ["outcome"])
_SWEPT_AT_ONCE = 50
Values = dict[str, Any]


class Store:
    """Stock and reservations in PostgreSQL. A reservation is kept for `reservation_seconds`."""

    def __init__(self, database: Database, reservation_seconds: float) -> None:
        self._database = database
        self._seconds = reservation_seconds

    def available(self, product_id: str) -> int:
        """How many pieces can be bought now. Raises ProductNotFound."""
        with self._database.connection() as connection:
            row = connection.execute(
                "SELECT available FROM stock WHERE product_id = %s", (product_id,)
            ).fetchone()
        if row is None:
            raise ProductNotFound("There is no such product.")
        available: int = row["available"]
        return available

    def reserve(self, order_id: str, lines: tuple[Line, ...]) -> Reservation:
        """Keeps all lines for the order, or returns what is kept for it already.

        Raises SoldOut, ProductNotFound, ReservationDiffers, and ReservationReleased where it was given back before.
        """
        available, expire_time = self._try_to_keep(order_id, lines)
        if expire_time:
            RESERVATIONS.labels("held").inc()
            return Reservation(order_id, lines, State.HELD, expire_time)
        if found := self._find(order_id):
            earlier, now = found
            return earlier.same(lines).at(now)
        refused = refusal(lines, available)
        RESERVATIONS.labels("sold_out" if isinstance(refused, SoldOut) else "unknown_product").inc()
        raise refused

    def commit(self, order_id: str) -> Reservation:
        """Sells what is kept. Raises ReservationNotFound, ReservationReleased and ReservationExpired."""
        return self._change(order_id, Reservation.committed)

    def release(self, order_id: str) -> Reservation:
        """Gives back what is kept or sold; where nothing was kept yet, nothing can be from now on."""
        with self._database.connection() as connection:
            withdrawn = connection.execute(statements.WITHDRAW, (order_id,)).rowcount
        if withdrawn:
            RESERVATIONS.labels("released").inc()
        return self._change(order_id, Reservation.released)

    def expire_overdue(self) -> None:
        """Gives back what was not bought in time."""
        while overdue := self._overdue():
            for order_id in overdue:
                RESERVATIONS.labels("expired").inc(self._move(order_id, State.HELD, State.EXPIRED))

    def _overdue(self) -> list[str]:
        with self._database.connection() as connection:
            rows = connection.execute(statements.OVERDUE, (_SWEPT_AT_ONCE,)).fetchall()
        return [row["order_id"] for row in rows]

    def _try_to_keep(self, order_id: str, lines: tuple[Line, ...]) -> tuple[dict[str, int], datetime | None]:
        wanted = {
            "order_id": order_id,
            "products": [line.product_id for line in lines],
            "quantities": [line.quantity for line in lines],
            "seconds": self._seconds,
        }
        with self._database.connection() as connection:
            rows = _together(connection, statements.LOCK_WANTED, statements.RESERVE, wanted)
        return {row["product_id"]: row["available"] for row in rows}, rows[0]["expire_time"] if rows else None

    def _find(self, order_id: str) -> tuple[Reservation, datetime] | None:
        with self._database.connection() as connection:
            row = connection.execute(statements.READ, (order_id,)).fetchone()
        if row is None:
            return None
        lines = tuple(map(Line, row["products"], row["quantities"]))
        return Reservation(order_id, lines, State(row["state"]), row["expire_time"]), row["now"]

    def _change(self, order_id: str, rule: Callable[[Reservation], Reservation]) -> Reservation:
        # Whoever is overtaken by another change looks again; it ends because states only move forward.
        while True:
            found = self._find(order_id)
            if found is None:
                raise ReservationNotFound("Nothing is kept for this order.")
            before, now = found
            after = rule(before.at(now))
            if after.state is before.state:
                return after
            if self._move(order_id, before.state, after.state):
                RESERVATIONS.labels(after.state.lower()).inc()
                return after

    def _move(self, order_id: str, before: State, after: State) -> int:
        move, values = statements.MOVES[before, after], {"order_id": order_id, "from": before, "to": after}
        with self._database.connection() as connection:
            if after is State.COMMITTED:  # what is sold has left the stock already
                rows = connection.execute(move, values).fetchall()
            else:
                rows = _together(connection, statements.LOCK_KEPT, move, values)
        moved: int = rows[0]["moved"]
        return moved


def _together(connection: Connection, lock: LiteralString, move: LiteralString, values: Values) -> list[Row]:
    with connection.pipeline(), connection.transaction():
        connection.execute(lock, values)
        moved = connection.execute(move, values)
    return moved.fetchall()
