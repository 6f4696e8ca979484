from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY

from laptop.ephemeral import ephemeral_nats
from tests.support.waiting import wait_until

CONFIRMED = "market.orders.confirmed"
DELIVERIES = 30


@pytest.fixture
def client(run_recommendations):
    """Run two processes of the service on one database and return a client."""
    with (
        ephemeral_nats() as url,  # a separate server, so that no other test publishes orders
        run_recommendations(nats_url=url) as first,
        run_recommendations(nats_url=url, database_url=first.database_url),
    ):
        yield first


def handled_events():
    """Return how many events the processes have handled, new or repeated."""
    outcomes = [REGISTRY.get_sample_value("market_events_handled_total", {"type": CONFIRMED, "outcome": outcome})
                for outcome in ("done", "repeated")]  # fmt: skip
    return sum(count or 0 for count in outcomes)


def test_an_event_delivered_many_times_to_two_processes_counts_once(client):
    before, event_id = handled_events(), str(uuid4())
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: client.publish("tea", "cup", event_id=event_id), range(DELIVERIES)))
    wait_until(lambda: handled_events() - before == DELIVERIES)
    assert client.recommended("tea") == [("cup", 1)]


def test_concurrent_events_to_two_processes_all_count(client):
    before = handled_events()
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(
                lambda turn: client.publish(*(("pot", "lid"), ("lid", "pot"))[turn % 2]), range(DELIVERIES)
            )
        )
    wait_until(lambda: handled_events() - before == DELIVERIES)
    assert client.recommended("pot") == [("lid", DELIVERIES)]
