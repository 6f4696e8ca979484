from contextlib import contextmanager
from uuid import uuid4

import psycopg
import pytest

from laptop.ephemeral import ephemeral_nats
from nightmarket.recommendations.v1.recommendations_pb2 import ListRecommendationsRequest
from nightmarket.recommendations.v1.recommendations_pb2_grpc import RecommendationsServiceStub
from recommendations.__main__ import build_service
from recommendations.config import Config
from tests.support.nats import event_client
from tests.support.services import channel, started
from tests.support.waiting import wait_until


@pytest.fixture(scope="session")
def nats_url():
    """A separate NATS server, because the orders of other tests would count too."""
    with ephemeral_nats() as url:
        yield url


class RecommendationsClient:
    """A client of the running service that also publishes its events."""

    def __init__(self, stub, publisher, database_url):
        self.recommendations = stub
        self._publisher = publisher
        self.database_url = database_url

    def sell(self, *product_ids, event_id=""):
        """Publish a confirmed order, wait until it is processed, and return the event's id."""
        sent = self.publish(*product_ids, event_id=event_id)
        wait_until(lambda: self._has_processed(sent))
        return sent

    def publish(self, *product_ids, event_id=""):
        """Publish a confirmed order and return the event's id."""
        lines = [{"productId": product_id, "quantity": 2} for product_id in product_ids]
        return self._publisher.send(
            "market.orders.confirmed", {"orderId": str(uuid4()), "lines": lines}, event_id
        )

    def _has_processed(self, event_id):
        with psycopg.connect(self.database_url) as connection:
            return connection.execute("SELECT FROM inbox WHERE event_id = %s", (event_id,)).rowcount

    def recommended(self, product_id, page_size=0):
        """Return the recommendations as (product, orders), the best first."""
        request = ListRecommendationsRequest(product_id=product_id, page_size=page_size)
        return [(one.id, one.orders) for one in self.recommendations.ListRecommendations(request).products]


@pytest.fixture(scope="session")
def run_recommendations(service_database, nats_url, free_port):
    """Return a context manager that runs the service: run_recommendations(model=..., seeded=...) yields a client."""

    @contextmanager
    def run(*, seeded=False, **settings):
        common = {"nats_url": nats_url, "port": free_port(), "admin_port": free_port()}
        if "database_url" not in settings:
            common["database_url"] = service_database("recommendations", seeded=seeded)
        config = Config(**(common | settings))
        address = f"127.0.0.1:{config.port}"
        with (
            started(build_service, config),
            channel(address) as opened,
            event_client(config.nats_url) as publisher,
        ):
            yield RecommendationsClient(RecommendationsServiceStub(opened), publisher, config.database_url)

    return run
