from concurrent.futures import ThreadPoolExecutor

import pytest
from prometheus_client import REGISTRY

from chassis.testing import eventually
from laptop.nats import temporary_nats

CONFIRMED = "market.orders.confirmed"
DELIVERIES = 30


@pytest.fixture
def neighbour(run_shipping):
    """Two of the service on one database, seen by a neighbour of both."""
    with (
        temporary_nats() as url,  # where nobody else tells anything
        run_shipping(pack_seconds=0, nats_url=url) as first,
        run_shipping(pack_seconds=0, nats_url=url, database_url=first.database_url),
    ):
        yield first


def handled():
    """How many events the service's processes have done with, one way or the other."""
    outcomes = [REGISTRY.get_sample_value("market_events_handled_total", {"type": CONFIRMED, "outcome": outcome})
                for outcome in ("done", "repeated")]  # fmt: skip
    return sum(count or 0 for count in outcomes)


@pytest.mark.parametrize("event_id", ["the-same-event", ""], ids=["same event", "other events"])
def test_an_order_that_is_told_many_times_to_two_processes_has_one_parcel(neighbour, order_id, event_id):
    before = handled()
    event_id = event_id and f"{order_id}:{event_id}"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: neighbour.sends(CONFIRMED, order_id, event_id), range(DELIVERIES)))
    eventually(lambda: handled() - before == DELIVERIES)
    eventually(lambda: neighbour.hears(order_id))
    [heard] = neighbour.hears(order_id)
    assert heard["trackingNumber"] == neighbour.parcel(order_id).tracking_number
