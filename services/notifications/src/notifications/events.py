"""The events that buyers are told of: wire <-> domain."""

from collections.abc import Callable
from datetime import UTC, datetime

from chassis import money
from chassis.errors import Invalid
from chassis.postgres import Connection
from messaging.consumer import Handler
from messaging.events import Event, MalformedEvent, message_of
from nightmarket import subjects
from nightmarket.events.v1.events_pb2 import OrderCancelled, OrderConfirmed, OrderShipped
from notifications.composer import Composer
from notifications.domain.delivery import can_be_written_to
from notifications.domain.notices import Cancelled, Confirmed, Line, Notice, Shipped, address_lines
from notifications.metrics import MAILS
from notifications.store import keep, skip

Read = Callable[[Event], tuple[Notice, str]]


def handlers(composer: Composer) -> dict[str, Handler]:
    """What to do at which event: to write a mail, which is sent after the commit."""
    return {
        subjects.ORDER_CONFIRMED: _handler(composer, _confirmed),
        subjects.ORDER_CANCELLED: _handler(composer, _cancelled),
        subjects.ORDER_SHIPPED: _handler(composer, _shipped),
        subjects.ORDER_SHIPPED_OLD: _handler(composer, _shipped),
    }


def _handler(composer: Composer, read: Read) -> Handler:
    def handle(connection: Connection, event: Event) -> None:
        notice, recipient = _checked(read, event)
        if can_be_written_to(recipient):
            keep(
                connection, event.id, notice, composer.letter(notice, recipient, event.id, datetime.now(UTC))
            )
        else:
            skip(connection, event.id, notice)
            MAILS.labels(notice.kind, "skipped").inc()

    return handle


def _checked(read: Read, event: Event) -> tuple[Notice, str]:
    try:
        notice, recipient = read(event)
    except Invalid as error:
        raise MalformedEvent(error.message) from error
    if not notice.order_id.isprintable() or not notice.order_id:
        raise MalformedEvent("the event's order has no id that can be told to people")
    return notice, recipient


def _confirmed(event: Event) -> tuple[Notice, str]:
    order = message_of(event, OrderConfirmed)
    to = order.address
    notice = Confirmed(
        order_id=order.order_id,
        buyer=to.name,
        lines=tuple(Line(x.name, x.quantity, money.from_wire(x.unit_price)) for x in order.lines),
        shipping_cents=money.from_wire(order.shipping_cost),
        total_cents=money.from_wire(order.total),
        address=address_lines(to.name, to.line1, to.line2, f"{to.postal_code} {to.city}", to.country_code),
    )
    return notice, order.email


def _cancelled(event: Event) -> tuple[Notice, str]:
    order = message_of(event, OrderCancelled)
    return Cancelled(order.order_id, money.from_wire(order.total), order.reason), order.email


def _shipped(event: Event) -> tuple[Notice, str]:
    parcel = message_of(event, OrderShipped)
    return Shipped(parcel.order_id, parcel.tracking_number), parcel.email
