import time
from datetime import UTC, datetime

import pytest

from messaging.events import Event, MalformedEvent
from nightmarket.subjects import ORDER_SHIPPED, ORDER_SHIPPED_OLD
from orders.__main__ import build_service
from orders.domain.orders import State
from orders.events import handlers
from tests.support.broker import broker
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


def test_an_event_with_the_old_subject_ships_its_order(shop, config):
    order = shop.orders.place(shop.request())
    with broker(config.nats_url) as publisher:
        publisher.send(ORDER_SHIPPED_OLD, shipped_event(order.id).data)
    with started(build_service, config):
        wait_until(lambda: shop.store.order("account", order.id).state is State.SHIPPED)


@pytest.mark.parametrize("data", [{"orderId": 7}, {"createTime": "yesterday"}])
def test_an_event_with_wrong_fields_is_malformed(shop, data):
    with shop.database.transaction() as connection, pytest.raises(MalformedEvent):
        handlers(shop.store)[ORDER_SHIPPED](connection, Event(ORDER_SHIPPED, data, "event-1"))
