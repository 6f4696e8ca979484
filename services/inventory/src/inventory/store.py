"""The tables of inventory.

A statement that changes stock is sent together with the one that locks the stock's rows, as one transaction. No lock
then waits for this process: if it is killed or stopped in between, it blocks no other. The first statement locks the
rows in the order of the product ids, so that transactions can't deadlock. The second sees what earlier transactions
committed. If it locked the rows itself, it would still read the values from before it waited, and updating such a row
would deadlock.
"""

from datetime import datetime
from typing import Any, LiteralString

from chassis.postgres import Connection, Database, Row
from inventory.domain.reservations import Line, ProductNotFound, Reservation, State

_LOCK_STOCK = """
    SELECT FROM stock WHERE product_id = ANY(%(products)s) ORDER BY product_id FOR NO KEY UPDATE
"""

_LOCK_STOCK_OF_ORDER = """
    SELECT FROM stock WHERE product_id IN (SELECT product_id FROM reservation_lines WHERE order_id = %(order_id)s)
    ORDER BY product_id FOR NO KEY UPDATE
"""

# Reserves all lines or none. Returns each product that exists with its available units, and the expiry if reserved.
_RESERVE = """
    WITH wanted AS (
        SELECT * FROM unnest(%(products)s::text[], %(quantities)s::integer[]) AS line (product_id, quantity)
    ), found AS (
        SELECT product_id, quantity, available FROM stock JOIN wanted USING (product_id)
    ), made AS (
        INSERT INTO reservations (order_id, state, expire_time)
        SELECT %(order_id)s, 'HELD', now() + make_interval(secs => %(seconds)s)
        WHERE (SELECT count(*) FROM found WHERE available >= quantity) = (SELECT count(*) FROM wanted)
        ON CONFLICT DO NOTHING RETURNING order_id, expire_time
    ), lines AS (
        INSERT INTO reservation_lines SELECT order_id, product_id, quantity FROM made, wanted
    ), taken AS (
        UPDATE stock SET available = stock.available - found.quantity
        FROM made, found WHERE stock.product_id = found.product_id
    )
    SELECT product_id, available, expire_time FROM found LEFT JOIN made ON true
"""

_FIND = """
    SELECT state, expire_time, now(),
           array_remove(array_agg(product_id ORDER BY product_id COLLATE "C"), NULL) AS products,
           array_remove(array_agg(quantity ORDER BY product_id COLLATE "C"), NULL) AS quantities
    FROM reservations LEFT JOIN reservation_lines USING (order_id) WHERE order_id = %s GROUP BY order_id
"""

_ADD_RELEASED = """
    INSERT INTO reservations (order_id, state, expire_time) VALUES (%s, 'RELEASED', now()) ON CONFLICT DO NOTHING
"""

# The longest overdue first.
_OVERDUE = """
    SELECT order_id FROM reservations WHERE state = 'HELD' AND expire_time <= now() ORDER BY expire_time LIMIT %s
"""

_CHANGE_STATE = """
    WITH changed AS (
        UPDATE reservations SET state = %(to)s WHERE order_id = %(order_id)s AND state = %(from)s
        RETURNING order_id
    )"""

_ADD_MOVEMENTS = """, movement AS (
        INSERT INTO movements (reference, product_id, kind, quantity)
        SELECT order_id, product_id, '{kind}', quantity FROM reservation_lines JOIN changed USING (order_id)
    )"""

_RETURN_TO_STOCK = """, lines AS (
        SELECT product_id, sum(quantity) AS quantity
        FROM reservation_lines JOIN changed USING (order_id) GROUP BY product_id
    ), returned AS (
        UPDATE stock SET available = available + quantity
        FROM lines WHERE stock.product_id = lines.product_id
    )"""

_COUNT = " SELECT count(*) AS changed FROM changed"

# From one state to another. They change nothing if the reservation is no longer in the first state.
_TRANSITIONS = {
    ("HELD", "COMMITTED"): _CHANGE_STATE + _ADD_MOVEMENTS.format(kind="SOLD") + _COUNT,
    ("HELD", "RELEASED"): _CHANGE_STATE + _RETURN_TO_STOCK + _COUNT,
    ("HELD", "EXPIRED"): _CHANGE_STATE + _RETURN_TO_STOCK + _COUNT,
    ("COMMITTED", "RELEASED"): _CHANGE_STATE
    + _ADD_MOVEMENTS.format(kind="RETURNED")
    + _RETURN_TO_STOCK
    + _COUNT,
}


class Store:
    """Stock and reservations in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def available(self, product_id: str) -> int:
        """Return how many units can be bought now. Raises ProductNotFound."""
        with self._database.connection() as connection:
            row = connection.execute(
                "SELECT available FROM stock WHERE product_id = %s", (product_id,)
            ).fetchone()
        if row is None:
            raise ProductNotFound("There is no such product.")
        available: int = row["available"]
        return available

    def try_to_reserve(
        self, order_id: str, lines: tuple[Line, ...], seconds: float
    ) -> tuple[dict[str, int], datetime | None]:
        """Reserve all lines for the order for `seconds`, if they are available and it has no reservation yet.

        Returns the available units by product id before the attempt, and when the new reservation expires; None if
        there is none.
        """
        values = {
            "order_id": order_id,
            "products": [line.product_id for line in lines],
            "quantities": [line.quantity for line in lines],
            "seconds": seconds,
        }
        with self._database.connection() as connection:
            rows = _locked(connection, _LOCK_STOCK, _RESERVE, values)
        return {row["product_id"]: row["available"] for row in rows}, rows[0]["expire_time"] if rows else None

    def find(self, order_id: str) -> tuple[Reservation, datetime] | None:
        """Return the order's reservation and the database's time; None if there is none."""
        with self._database.connection() as connection:
            row = connection.execute(_FIND, (order_id,)).fetchone()
        if row is None:
            return None
        lines = tuple(map(Line, row["products"], row["quantities"]))
        return Reservation(order_id, lines, State(row["state"]), row["expire_time"]), row["now"]

    def add_released(self, order_id: str) -> bool:
        """Add a released reservation without lines. Returns False if the order has a reservation already."""
        with self._database.connection() as connection:
            return connection.execute(_ADD_RELEASED, (order_id,)).rowcount > 0

    def overdue(self, limit: int) -> list[str]:
        """Return the orders of up to `limit` overdue reservations."""
        with self._database.connection() as connection:
            rows = connection.execute(_OVERDUE, (limit,)).fetchall()
        return [row["order_id"] for row in rows]

    def transition(self, order_id: str, before: State, after: State) -> bool:
        """Change the reservation's state, and the stock with it. Returns False if the state is not `before`."""
        statement, values = _TRANSITIONS[before, after], {"order_id": order_id, "from": before, "to": after}
        with self._database.connection() as connection:
            if after is State.COMMITTED:  # the units have left the stock already, so no lock is needed
                rows = connection.execute(statement, values).fetchall()
            else:
                rows = _locked(connection, _LOCK_STOCK_OF_ORDER, statement, values)
        return bool(rows[0]["changed"])


def _locked(
    connection: Connection, lock: LiteralString, change: LiteralString, values: dict[str, Any]
) -> list[Row]:
    with connection.pipeline(), connection.transaction():
        connection.execute(lock, values)
        changed = connection.execute(change, values)
    return changed.fetchall()
