"""A fake carrier, which picks up packed shipments."""

from collections.abc import Callable

from chassis import context
from chassis.context import RequestContext, use_context
from chassis.postgres import Connection, Database
from messaging.events import data_of
from messaging.outbox import write_to_outbox
from nightmarket import subjects
from nightmarket.events.v1.events_pb2 import OrderShipped
from shipping.domain.shipments import Recipient, Shipment
from shipping.metrics import SHIPMENTS
from shipping.store import Store

_BATCH = 50


class FakeCarrier:
    """Ships what is packed. `after_commit` is called after each batch: there are events to send."""

    def __init__(self, database: Database, store: Store, after_commit: Callable[[], None]) -> None:
        self._database = database
        self._store = store
        self._after_commit = after_commit

    def collect(self) -> None:
        """Ship all packed shipments, each in one transaction with its event."""
        shipped = _BATCH
        while shipped == _BATCH:
            with self._database.transaction() as connection:
                batch = self._store.ship_packed(connection, _BATCH)
                for shipment, recipient in batch:
                    _write_event(connection, shipment, recipient)
            shipped = len(batch)
            if shipped:
                SHIPMENTS.labels("shipped").inc(shipped)
                self._after_commit()


def _write_event(connection: Connection, shipment: Shipment, recipient: Recipient) -> None:
    event = OrderShipped(
        order_id=shipment.order_id,
        tracking_number=shipment.tracking_number,
        create_time=shipment.ship_time,
        account_id=recipient.account_id,
        email=recipient.email,
    )
    # The event belongs to the trace of the order, not to this worker.
    with use_context(
        RequestContext({context.TRACEPARENT: recipient.traceparent} if recipient.traceparent else {})
    ):
        write_to_outbox(connection, subjects.ORDER_SHIPPED, data_of(event))
