"""Shipping's tables."""

from typing import NamedTuple

from chassis.database import Connection, Database, Row
from shipping.domain.shipments import (
    OrderShipped,
    Shipment,
    ShipmentNotFound,
    State,
    tracking_number,
)


class Recipient(NamedTuple):
    """Whom a parcel is for, and the trace that its order belongs to."""

    account_id: str
    email: str
    traceparent: str


class Store:
    """Shipments, for those who ask."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def shipment(self, order_id: str) -> Shipment:
        """The parcel of this order. Raises ShipmentNotFound."""
        with self._database.connection() as connection:
            row = connection.execute(
                "SELECT order_id, state, tracking_number, ship_time FROM shipments WHERE order_id = %s",
                (order_id,),
            ).fetchone()
        if row is None:
            raise ShipmentNotFound("There is no parcel for this order.")
        return _shipment(row)

    def withhold(self, order_id: str) -> Shipment:
        """Keeps the order's parcel from ever leaving. Raises OrderShipped."""
        with self._database.connection() as connection:
            return withhold(connection, order_id)


# The functions below work in their caller's transaction.


def pack(connection: Connection, order_id: str, recipient: Recipient, seconds: float) -> bool:
    """Begins to pack the order's parcel, for so many seconds; False where it has one or was withheld."""
    inserted = connection.execute(
        "INSERT INTO shipments (order_id, state, account_id, email, traceparent, pack_until)"
        " VALUES (%s, 'PACKING', %s, %s, %s, now() + make_interval(secs => %s))"
        " ON CONFLICT (order_id) DO NOTHING",
        (order_id, *recipient, seconds),
    )
    return inserted.rowcount == 1


def withhold(connection: Connection, order_id: str) -> Shipment:
    """Keeps the order's parcel from ever leaving, also where there is none yet. Raises OrderShipped."""
    row = connection.execute(
        "INSERT INTO shipments (order_id, state) VALUES (%s, 'CANCELLED')"
        " ON CONFLICT (order_id) DO UPDATE SET state = 'CANCELLED' WHERE shipments.state <> 'SHIPPED'"
        " RETURNING order_id, state, tracking_number, ship_time",
        (order_id,),
    ).fetchone()
    if row is None:
        raise OrderShipped("The carrier has the parcel already.")
    return _shipment(row)


def ship_packed(connection: Connection, at_most: int) -> list[tuple[Shipment, Recipient]]:
    """Hands parcels that are packed to the carrier, those that waited longest first."""
    due = connection.execute(
        "SELECT order_id, nextval('shipment_numbers') AS parcel FROM"
        " (SELECT order_id FROM shipments WHERE state = 'PACKING' AND pack_until <= now()"
        "  ORDER BY pack_until LIMIT %s FOR UPDATE SKIP LOCKED) AS due",
        (at_most,),
    ).fetchall()
    return [_ship(connection, row["order_id"], tracking_number(row["parcel"])) for row in due]


def _ship(connection: Connection, order_id: str, number: str) -> tuple[Shipment, Recipient]:
    row = connection.execute(
        "UPDATE shipments SET state = 'SHIPPED', tracking_number = %s, ship_time = now()"
        " WHERE order_id = %s"
        " RETURNING order_id, state, tracking_number, ship_time, account_id, email, traceparent",
        (number, order_id),
    ).fetchone()
    assert row is not None
    return _shipment(row), Recipient(row["account_id"], row["email"], row["traceparent"])


def _shipment(row: Row) -> Shipment:
    return Shipment(row["order_id"], State(row["state"]), row["tracking_number"], row["ship_time"])
