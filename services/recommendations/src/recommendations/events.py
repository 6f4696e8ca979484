"""The event handlers of recommendations: wire <-> store."""

from chassis.postgres import Connection
from messaging.consumer import Handler
from messaging.events import Event, message_of
from nightmarket import subjects
from nightmarket.events.v1.events_pb2 import OrderConfirmed
from recommendations.domain.recommendations import co_purchase
from recommendations.store import Store


def handlers(store: Store) -> dict[str, Handler]:
    """Return the handler of each event subject."""

    def on_confirmed(connection: Connection, event: Event) -> None:
        order = message_of(event, OrderConfirmed)
        store.add_co_purchase(connection, co_purchase(line.product_id for line in order.lines))

    return {subjects.ORDER_CONFIRMED: on_confirmed}
