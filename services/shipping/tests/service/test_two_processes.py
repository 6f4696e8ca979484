from concurrent.futures import ThreadPoolExecutor

import pytest
from prometheus_client import REGISTRY

from laptop.ephemeral import ephemeral_nats
from nightmarket.subjects import ORDER_CONFIRMED
from tests.support.waiting import wait_until

DELIVERIES = 30


@pytest.fixture
def client(run_shipping):
    """A client of the first of two processes that share a database."""
    with (
        ephemeral_nats() as url,  # without events of other tests
        run_shipping(pack_seconds=0, nats_url=url) as first,
        run_shipping(pack_seconds=0, nats_url=url, database_url=first.database_url),
    ):
        yield first


def handled():
    """Return the number of events that both processes have handled."""
    outcomes = [REGISTRY.get_sample_value("market_events_handled_total", {"type": ORDER_CONFIRMED, "outcome": outcome})
                for outcome in ("done", "repeated")]  # fmt: skip
    return sum(count or 0 for count in outcomes)


@pytest.mark.parametrize("event_id", ["the-same-event", ""], ids=["same event", "other events"])
def test_an_order_that_is_confirmed_many_times_at_two_processes_has_one_shipment(client, order_id, event_id):
    before = handled()
    event_id = event_id and f"{order_id}:{event_id}"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: client.publish(ORDER_CONFIRMED, order_id, event_id), range(DELIVERIES)))
    wait_until(lambda: handled() - before == DELIVERIES)
    wait_until(lambda: client.events(order_id))
    [event] = client.events(order_id)
    assert event["trackingNumber"] == client.shipment(order_id).tracking_number
