"""The events that orders publishes and consumes."""

from datetime import UTC

from chassis import money
from chassis.postgres import Connection
from messaging.consumer import Handler
from messaging.events import Event, data_of, message_of
from nightmarket import subjects
from nightmarket.events.v1 import events_pb2 as wire
from orders.domain.orders import Order, State
from orders.domain.saga import Step
from orders.store import Store


def order_confirmed(order: Order) -> Event:
    """Return the event that the order is confirmed."""
    address = order.address
    event = wire.OrderConfirmed(
        order_id=order.id,
        account_id=order.account_id,
        email=order.email,
        lines=[
            wire.OrderEventLine(
                product_id=line.product_id,
                name=line.name,
                quantity=line.quantity,
                unit_price=money.to_wire(line.unit_cents),
            )
            for line in order.lines
        ],
        shipping_cost=money.to_wire(order.shipping_cents),
        total=money.to_wire(order.total_cents),
        address=wire.OrderEventAddress(
            name=address.name,
            line1=address.line1,
            line2=address.line2,
            city=address.city,
            postal_code=address.postal_code,
            country_code=address.country_code,
        ),
    )
    event.confirm_time.GetCurrentTime()
    return Event(subjects.ORDER_CONFIRMED, data_of(event), f"{order.id}:{Step.CONFIRM}")


def order_canceled(order: Order) -> Event | None:
    """Return the event that a confirmed order was canceled and refunded.

    Returns None if the order was never confirmed: no other service got an event about it.
    """
    if order.state is State.PENDING:
        return None
    event = wire.OrderCancelled(
        order_id=order.id,
        account_id=order.account_id,
        email=order.email,
        reason=order.rejection.reason if order.rejection else "",
        total=money.to_wire(order.total_cents),
    )
    return Event(subjects.ORDER_CANCELLED, data_of(event), f"{order.id}:{Step.CANCEL}")


def handlers(store: Store) -> dict[str, Handler]:
    """Return the handler of each event subject."""

    def on_shipped(connection: Connection, event: Event) -> None:
        shipped = message_of(event, wire.OrderShipped)
        time = shipped.create_time.ToDatetime(UTC)
        store.ship(connection, shipped.order_id, shipped.tracking_number, time)

    return {subjects.ORDER_SHIPPED: on_shipped, subjects.ORDER_SHIPPED_OLD: on_shipped}
