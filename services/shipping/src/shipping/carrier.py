"""The carrier's van: it takes the parcels that are packed, and the market is told."""

from collections.abc import Callable

from chassis import call
from chassis.call import Call, answering
from chassis.database import Connection, Database
from chassis.events import data_of, write_to_outbox
from nightmarket.events.v1.events_pb2 import OrderConsigned
from shipping.domain.consignments import Consignment
from shipping.metrics import PARCELS
from shipping.store import Recipient, consign_packed

CONSIGNED = "market.shipping.consigned"
_BATCH = 50


def collect(database: Database, after_commit: Callable[[], None]) -> None:
    """Hands over all parcels that are packed, each in one transaction with the event that tells of it."""
    taken = _BATCH
    while taken == _BATCH:
        with database.transaction() as connection:
            parcels = consign_packed(connection, _BATCH)
            for consignment, recipient in parcels:
                _tell(connection, consignment, recipient)
        taken = len(parcels)
        if taken:
            PARCELS.labels("consigned").inc(taken)
            after_commit()


def _tell(connection: Connection, consignment: Consignment, recipient: Recipient) -> None:
    event = OrderConsigned(
        order_id=consignment.order_id,
        tracking_number=consignment.tracking_number,
        create_time=consignment.consign_time,
        account_id=recipient.account_id,
        email=recipient.email,
    )
    with answering(Call({call.TRACEPARENT: recipient.traceparent} if recipient.traceparent else {})):
        write_to_outbox(connection, CONSIGNED, data_of(event))
