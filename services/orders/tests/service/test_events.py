import time
from datetime import UTC, datetime

import pytest

from messaging.events import Event, MalformedEvent
from nightmarket.subjects import ORDER_SHIPPED, ORDER_SHIPPED_OLD
from orders.__main__ import build_service
from orders.domain.orders import State
from orders.events import on_shipped
from tests.support.broker import broker
from tests.support.services import started
from tests.support.waiting import wait_until

LEFT = datetime(2026, 1, 31, 10, 20, 30, tzinfo=UTC)


@pytest.fixture
def _far_from_greenwich(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def told(order_id):
    return Event(
        ORDER_SHIPPED,
        {"orderId": order_id, "trackingNumber": "NM123", "createTime": "2026-01-31T10:20:30Z"},
        "event-1",
    )


@pytest.mark.usefixtures("_far_from_greenwich")
def test_an_order_is_shipped_when_the_carrier_says_so_wherever_the_clock_is(shop):
    order = shop.checkout.place(shop.request())
    with shop.database.transaction() as connection:
        on_shipped(connection, told(order.id))
    shipped = shop.store.of_account("account", order.id)
    assert (shipped.state, shipped.journey[-1].time) == (State.SHIPPED, LEFT)


def test_an_event_that_was_published_under_the_old_subject_ships_its_order(shop, config):
    order = shop.checkout.place(shop.request())
    with broker(config.nats_url) as publisher:
        publisher.send(ORDER_SHIPPED_OLD, told(order.id).data)
    with started(build_service, config):
        wait_until(lambda: shop.store.of_account("account", order.id).state is State.SHIPPED)


@pytest.mark.parametrize("data", [{"orderId": 7}, {"createTime": "yesterday"}])
def test_what_makes_no_sense_is_no_event(shop, data):
    with shop.database.transaction() as connection, pytest.raises(MalformedEvent):
        on_shipped(connection, Event(ORDER_SHIPPED, data, "event-1"))
