from contextlib import contextmanager
from uuid import uuid4

import psycopg
import pytest

from laptop.nats import temporary_nats
from nightmarket.recommendations.v1.recommendations_pb2 import ListRecommendationsRequest
from nightmarket.recommendations.v1.recommendations_pb2_grpc import RecommendationsServiceStub
from recommendations.__main__ import build_service
from recommendations.config import Config
from tests.support.broker import broker
from tests.support.services import channel, started
from tests.support.waiting import wait_until


@pytest.fixture(scope="session")
def nats_url():
    """A broker of these tests' own: what others tell of their orders would be learned from too."""
    with temporary_nats() as url:
        yield url


class Shop:
    """The running service: orders are placed around it, and it is asked what goes with what."""

    def __init__(self, stub, market, database_url):
        self.recommendations = stub
        self._market = market
        self.database_url = database_url

    def sells(self, *product_ids, event_id=""):
        """Tells of a confirmed order, waits until it is learned from, and returns the event's id."""
        sent = self.tells(*product_ids, event_id=event_id)
        wait_until(lambda: self._has_taken_in(sent))
        return sent

    def tells(self, *product_ids, event_id=""):
        """Tells of a confirmed order and returns the event's id."""
        lines = [{"productId": product_id, "quantity": 2} for product_id in product_ids]
        return self._market.send(
            "market.orders.confirmed", {"orderId": str(uuid4()), "lines": lines}, event_id
        )

    def _has_taken_in(self, event_id):
        with psycopg.connect(self.database_url) as connection:
            return connection.execute("SELECT FROM inbox WHERE event_id = %s", (event_id,)).rowcount

    def goes_with(self, product_id, page_size=0):
        """What is recommended: (product, orders), the best first."""
        request = ListRecommendationsRequest(product_id=product_id, page_size=page_size)
        return [(one.id, one.orders) for one in self.recommendations.ListRecommendations(request).products]


@pytest.fixture(scope="session")
def run_recommendations(service_database, nats_url, free_port):
    """Runs the service for the length of a block: run_recommendations(model=..., seeded=...) -> its Shop."""

    @contextmanager
    def run(*, seeded=False, **settings):
        common = {"nats_url": nats_url, "port": free_port(), "admin_port": free_port()}
        if "database_url" not in settings:
            common["database_url"] = service_database("recommendations", seeded=seeded)
        config = Config(**(common | settings))
        address = f"127.0.0.1:{config.port}"
        with started(build_service, config), channel(address) as opened, broker(config.nats_url) as market:
            yield Shop(RecommendationsServiceStub(opened), market, config.database_url)

    return run
