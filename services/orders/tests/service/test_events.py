import time
from datetime import UTC, datetime

import pytest

from chassis.events import Event, NotAnEvent
from orders.domain.orders import State
from orders.events import CONSIGNED, on_consigned

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
        CONSIGNED,
        {"orderId": order_id, "trackingNumber": "NM123", "createTime": "2026-01-31T10:20:30Z"},
        "event-1",
    )


@pytest.mark.usefixtures("_far_from_greenwich")
def test_an_order_is_shipped_when_the_carrier_says_so_wherever_the_clock_is(shop):
    order = shop.checkout.place(shop.request())
    with shop.database.transaction() as connection:
        on_consigned(connection, told(order.id))
    shipped = shop.store.of_account("account", order.id)
    assert (shipped.state, shipped.journey[-1].time) == (State.SHIPPED, LEFT)


@pytest.mark.parametrize("data", [{"orderId": 7}, {"createTime": "yesterday"}])
def test_what_makes_no_sense_is_no_event(shop, data):
    with shop.database.transaction() as connection, pytest.raises(NotAnEvent):
        on_consigned(connection, Event(CONSIGNED, data, "event-1"))
