"""The event that recommendations learn from: wire <-> store."""

from chassis.postgres import Connection
from messaging.consumer import Handler
from messaging.events import Event, message_of
from nightmarket.events.v1.events_pb2 import OrderConfirmed
from nightmarket.subjects import ORDER_CONFIRMED
from recommendations.domain.baskets import lesson_of
from recommendations.store import learn


def on_confirmed(connection: Connection, event: Event) -> None:
    """An order is paid: learns from what is in it."""
    order = message_of(event, OrderConfirmed)
    learn(connection, lesson_of(line.product_id for line in order.lines))


HANDLERS: dict[str, Handler] = {ORDER_CONFIRMED: on_confirmed}
