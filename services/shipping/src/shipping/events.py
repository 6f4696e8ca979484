"""The event handlers of shipping."""

from contextlib import suppress

from chassis.postgres import Connection
from messaging.consumer import Handler
from messaging.events import Event, message_of
from nightmarket import subjects
from nightmarket.events.v1.events_pb2 import OrderCancelled, OrderConfirmed
from nightmarket.limits import check_order_id
from shipping.domain.shipments import OrderShipped, Recipient
from shipping.metrics import SHIPMENTS
from shipping.store import Store


def handlers(store: Store, pack_seconds: float) -> dict[str, Handler]:
    """Return the handler of each event subject. Packing a shipment takes `pack_seconds`."""

    def on_confirmed(connection: Connection, event: Event) -> None:
        order = message_of(event, OrderConfirmed)
        recipient = Recipient(order.account_id, order.email, event.traceparent)
        if store.pack(connection, check_order_id(order.order_id), recipient, pack_seconds):
            SHIPMENTS.labels("packing").inc()

    def on_canceled(connection: Connection, event: Event) -> None:
        order = message_of(event, OrderCancelled)
        # The orders service cancels the shipment before the order, so this is for events that arrive out of order.
        with suppress(OrderShipped):
            store.cancel_within(connection, check_order_id(order.order_id))

    return {subjects.ORDER_CONFIRMED: on_confirmed, subjects.ORDER_CANCELLED: on_canceled}
