"""The table of shipments."""

from chassis.postgres import Connection, Database, Row
from shipping.domain.shipments import (
    OrderShipped,
    Recipient,
    Shipment,
    ShipmentNotFound,
    State,
    tracking_number,
)

_COLUMNS = "order_id, state, tracking_number, ship_time"


class Store:
    """Shipments in PostgreSQL. Methods that take a connection run in the caller's transaction.

    Each change is one statement that names the state it starts from. So a shipment is either canceled or shipped, even
    if both are tried at once.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def shipment(self, order_id: str) -> Shipment:
        """Return the shipment of this order. Raises ShipmentNotFound."""
        with self._database.connection() as connection:
            row = connection.execute(
                f"SELECT {_COLUMNS} FROM shipments WHERE order_id = %s", (order_id,)
            ).fetchone()
        if row is None:
            raise ShipmentNotFound("There is no shipment for this order.")
        return _shipment(row)

    def cancel(self, order_id: str) -> Shipment:
        """Cancel the order's shipment in a transaction of its own. Raises OrderShipped."""
        with self._database.connection() as connection:
            return self.cancel_within(connection, order_id)

    def cancel_within(self, connection: Connection, order_id: str) -> Shipment:
        """Cancel the order's shipment. If there is none yet, none can be made later. Raises OrderShipped."""
        row = connection.execute(
            "INSERT INTO shipments (order_id, state) VALUES (%s, 'CANCELLED')"
            " ON CONFLICT (order_id) DO UPDATE SET state = 'CANCELLED' WHERE shipments.state <> 'SHIPPED'"
            f" RETURNING {_COLUMNS}",
            (order_id,),
        ).fetchone()
        if row is None:
            raise OrderShipped("The carrier already has the shipment.")
        return _shipment(row)

    def pack(self, connection: Connection, order_id: str, recipient: Recipient, seconds: float) -> bool:
        """Add a shipment that takes this long to pack. Return False if the order already has one."""
        inserted = connection.execute(
            "INSERT INTO shipments (order_id, state, account_id, email, traceparent, pack_until)"
            " VALUES (%s, 'PACKING', %s, %s, %s, now() + make_interval(secs => %s))"
            " ON CONFLICT (order_id) DO NOTHING",
            (order_id, recipient.account_id, recipient.email, recipient.traceparent, seconds),
        )
        return inserted.rowcount == 1

    def ship_packed(self, connection: Connection, limit: int) -> list[tuple[Shipment, Recipient]]:
        """Ship up to `limit` packed shipments, in the order in which they were packed, and return them."""
        due = connection.execute(
            "SELECT order_id, nextval('shipment_numbers') AS number FROM"
            " (SELECT order_id FROM shipments WHERE state = 'PACKING' AND pack_until <= now()"
            "  ORDER BY pack_until LIMIT %s FOR UPDATE SKIP LOCKED) AS due",
            (limit,),
        ).fetchall()
        return [_ship(connection, row["order_id"], tracking_number(row["number"])) for row in due]


def _ship(connection: Connection, order_id: str, number: str) -> tuple[Shipment, Recipient]:
    row = connection.execute(
        "UPDATE shipments SET state = 'SHIPPED', tracking_number = %s, ship_time = now() WHERE order_id = %s"
        f" RETURNING {_COLUMNS}, account_id, email, traceparent",
        (number, order_id),
    ).fetchone()
    assert row is not None
    return _shipment(row), Recipient(row["account_id"], row["email"], row["traceparent"])


def _shipment(row: Row) -> Shipment:
    return Shipment(row["order_id"], State(row["state"]), row["tracking_number"], row["ship_time"])
