"""The events that shipping takes in: wire <-> store."""

from contextlib import suppress

from chassis.consumer import Handler
from chassis.database import Connection
from chassis.events import Event, message_of
from nightmarket import subjects
from nightmarket.events.v1.events_pb2 import OrderCancelled, OrderConfirmed
from shipping.domain.shipments import OrderShipped, checked_order_id
from shipping.metrics import PARCELS
from shipping.store import Recipient, pack, withhold


def handlers(pack_seconds: float) -> dict[str, Handler]:
    """What to do at which event; packing a parcel takes `pack_seconds`."""

    def on_confirmed(connection: Connection, event: Event) -> None:
        order = message_of(event, OrderConfirmed)
        recipient = Recipient(order.account_id, order.email, event.traceparent)
        if pack(connection, checked_order_id(order.order_id), recipient, pack_seconds):
            PARCELS.labels("packing").inc()

    return {subjects.ORDER_CONFIRMED: on_confirmed, subjects.ORDER_CANCELLED: on_cancelled}


def on_cancelled(connection: Connection, event: Event) -> None:
    """Withholds the parcel; one that the carrier has stays with the carrier."""
    order = message_of(event, OrderCancelled)
    with suppress(OrderShipped):
        withhold(connection, checked_order_id(order.order_id))
