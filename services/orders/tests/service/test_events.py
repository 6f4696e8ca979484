import time
from datetime import UTC, datetime

import pytest
from nats.js.api import AckPolicy, ConsumerConfig

from messaging.dead_letters import replay_subject
from messaging.events import Event, MalformedEvent
from messaging.nats import STREAM
from nightmarket.subjects import ORDER_SHIPPED, ORDER_SHIPPED_OLD
from orders.__main__ import build_service
from orders.domain.orders import State
from orders.events import handlers
from tests.support.nats import connected, event_client
from tests.support.services import started
from tests.support.waiting import wait_until

SHIP_TIME = datetime(2026, 1, 31, 10, 20, 30, tzinfo=UTC)


@pytest.fixture
def _another_time_zone(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def shipped_event(order_id):
    return Event(
        ORDER_SHIPPED,
        {"orderId": order_id, "trackingNumber": "NM123", "createTime": "2026-01-31T10:20:30Z"},
        "event-1",
    )


@pytest.mark.usefixtures("_another_time_zone")
def test_an_order_is_shipped_at_the_time_of_the_event_in_any_time_zone(shop):
    order = shop.orders.place(shop.request())
    with shop.database.transaction() as connection:
        handlers(shop.store)[ORDER_SHIPPED](connection, shipped_event(order.id))
    shipped = shop.store.order("account", order.id)
    assert (shipped.state, shipped.journey[-1].time) == (State.SHIPPED, SHIP_TIME)


def test_events_with_the_old_and_the_new_subject_ship_their_orders(shop, config):
    orders = [shop.orders.place(shop.request()) for _ in range(2)]
    create_old_consumer(config.nats_url)
    with event_client(config.nats_url) as publisher:
        for subject, order in zip((ORDER_SHIPPED_OLD, ORDER_SHIPPED), orders, strict=True):
            publisher.send(subject, shipped_event(order.id).data)
    with started(build_service, config):
        wait_until(
            lambda: {shop.store.order("account", order.id).state for order in orders} == {State.SHIPPED}
        )


def create_old_consumer(nats_url):
    """Create the consumer as the version before the rename did: it gets the old subject only."""
    consumer = ConsumerConfig(
        durable_name="orders",
        ack_policy=AckPolicy.EXPLICIT,
        filter_subjects=[ORDER_SHIPPED_OLD, replay_subject("orders")],
        ack_wait=15.0,
        max_ack_pending=256,
    )
    with connected(nats_url) as nats:
        assert nats.wait_until_ready(10)
        nats.run(nats.jetstream.add_consumer(STREAM, consumer), timeout=10)


@pytest.mark.parametrize("data", [{"orderId": 7}, {"createTime": "yesterday"}])
def test_an_event_with_wrong_fields_is_malformed(shop, data):
    with shop.database.transaction() as connection, pytest.raises(MalformedEvent):
        handlers(shop.store)[ORDER_SHIPPED](connection, Event(ORDER_SHIPPED, data, "event-1"))
