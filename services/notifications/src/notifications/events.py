"""The event handlers of notifications: each event becomes a notification."""

from collections.abc import Callable

from chassis import money
from chassis.errors import Invalid
from chassis.postgres import Connection
from messaging.consumer import Handler
from messaging.events import Event, MalformedEvent, message_of
from nightmarket import subjects
from nightmarket.events.v1.events_pb2 import OrderCancelled, OrderConfirmed, OrderShipped
from notifications.domain.notifications import (
    Canceled,
    Confirmed,
    Line,
    Notification,
    Shipped,
    address_lines,
)
from notifications.service import NotificationService

Read = Callable[[Event], tuple[Notification, str]]  # the notification and its recipient


def handlers(service: NotificationService) -> dict[str, Handler]:
    """Return the handler of each event subject. A handler records an email, which is sent after the commit."""
    return {
        subjects.ORDER_CONFIRMED: _handler(service, _confirmed),
        subjects.ORDER_CANCELLED: _handler(service, _canceled),
        subjects.ORDER_SHIPPED: _handler(service, _shipped),
        subjects.ORDER_SHIPPED_OLD: _handler(service, _shipped),
    }


def _handler(service: NotificationService, read: Read) -> Handler:
    def handle(connection: Connection, event: Event) -> None:
        try:
            notification, recipient = read(event)
        except Invalid as error:
            raise MalformedEvent(error.message) from error
        if not notification.order_id.isprintable() or not notification.order_id:
            raise MalformedEvent("the order ID of the event is empty or not printable")
        service.notify(connection, event.id, notification, recipient)

    return handle


def _confirmed(event: Event) -> tuple[Notification, str]:
    order = message_of(event, OrderConfirmed)
    to = order.address
    notification = Confirmed(
        order_id=order.order_id,
        buyer=to.name,
        lines=tuple(Line(line.name, line.quantity, money.from_wire(line.unit_price)) for line in order.lines),
        shipping_cents=money.from_wire(order.shipping_cost),
        total_cents=money.from_wire(order.total),
        address=address_lines(to.name, to.line1, to.line2, f"{to.postal_code} {to.city}", to.country_code),
    )
    return notification, order.email


def _canceled(event: Event) -> tuple[Notification, str]:
    order = message_of(event, OrderCancelled)
    return Canceled(order.order_id, money.from_wire(order.total), order.reason), order.email


def _shipped(event: Event) -> tuple[Notification, str]:
    shipment = message_of(event, OrderShipped)
    return Shipped(shipment.order_id, shipment.tracking_number), shipment.email
