"""What orders tells the others after the fact, and what it learns from them."""

from datetime import UTC

from chassis import money
from chassis.postgres import Connection, Row
from messaging.consumer import Handler
from messaging.events import Event, data_of, message_of
from nightmarket import subjects
from nightmarket.events.v1 import events_pb2 as wire
from orders.domain.orders import Order, State
from orders.store import Store


def confirmed(order: Order) -> Row:
    """The order is paid."""
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
    return {"type": subjects.ORDER_CONFIRMED, "data": data_of(event)}


def cancelled(order: Order) -> Row | None:
    """The order had been confirmed, and the money went back; None for one that never was: nobody heard of it."""
    if order.state is State.PENDING:
        return None
    event = wire.OrderCancelled(
        order_id=order.id,
        account_id=order.account_id,
        email=order.email,
        reason=order.rejection.reason if order.rejection else "",
        total=money.to_wire(order.total_cents),
    )
    return {"type": subjects.ORDER_CANCELLED, "data": data_of(event)}


def on_shipped(connection: Connection, event: Event) -> None:
    """The carrier has a parcel: its order is shipped."""
    told = message_of(event, wire.OrderShipped)
    Store.ship(connection, told.order_id, told.tracking_number, told.create_time.ToDatetime(UTC))


HANDLERS: dict[str, Handler] = {
    subjects.ORDER_SHIPPED: on_shipped,
    subjects.ORDER_SHIPPED_OLD: on_shipped,
}
