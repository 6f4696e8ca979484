"""The carrier's van: it takes the parcels that are packed, and the market is told."""

from collections.abc import Callable

from chassis import call
from chassis.call import Call, answering
from chassis.database import Connection, Database
from chassis.events import data_of, write_to_outbox
from nightmarket import subjects
from nightmarket.events.v1.events_pb2 import OrderShipped
from shipping.domain.shipments import Shipment
from shipping.metrics import PARCELS
from shipping.store import Recipient, ship_packed

_BATCH = 50


def collect(database: Database, after_commit: Callable[[], None]) -> None:
    """Hands over all parcels that are packed, each in one transaction with the event that tells of it."""
    taken = _BATCH
    while taken == _BATCH:
        with database.transaction() as connection:
            parcels = ship_packed(connection, _BATCH)
            for shipment, recipient in parcels:
                _tell(connection, shipment, recipient)
        taken = len(parcels)
        if taken:
            PARCELS.labels("shipped").inc(taken)
            after_commit()


def _tell(connection: Connection, shipment: Shipment, recipient: Recipient) -> None:
    event = OrderShipped(
        order_id=shipment.order_id,
        tracking_number=shipment.tracking_number,
        create_time=shipment.ship_time,
        account_id=recipient.account_id,
        email=recipient.email,
    )
    with answering(Call({call.TRACEPARENT: recipient.traceparent} if recipient.traceparent else {})):
        write_to_outbox(connection, subjects.ORDER_SHIPPED, data_of(event))
