from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY

from laptop.nats import temporary_nats
from tests.support.waiting import wait_until

CONFIRMED = "market.orders.confirmed"
DELIVERIES = 30


@pytest.fixture
def shop(run_recommendations):
    """Two of the service on one database, and the shop around both."""
    with (
        temporary_nats() as url,  # where nobody else tells anything
        run_recommendations(nats_url=url) as first,
        run_recommendations(nats_url=url, database_url=first.database_url),
    ):
        yield first


def handled():
    """How many events the service's processes have done with, one way or the other."""
    outcomes = [REGISTRY.get_sample_value("market_events_handled_total", {"type": CONFIRMED, "outcome": outcome})
                for outcome in ("done", "repeated")]  # fmt: skip
    return sum(count or 0 for count in outcomes)


def test_an_order_that_is_told_many_times_to_two_processes_is_learned_from_once(shop):
    before, event_id = handled(), str(uuid4())
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: shop.tells("tea", "cup", event_id=event_id), range(DELIVERIES)))
    wait_until(lambda: handled() - before == DELIVERIES)
    assert shop.goes_with("tea") == [("cup", 1)]


def test_orders_that_are_told_at_once_to_two_processes_are_all_learned_from(shop):
    before = handled()
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(lambda turn: shop.tells(*(("pot", "lid"), ("lid", "pot"))[turn % 2]), range(DELIVERIES))
        )
    wait_until(lambda: handled() - before == DELIVERIES)
    assert shop.goes_with("pot") == [("lid", DELIVERIES)]
