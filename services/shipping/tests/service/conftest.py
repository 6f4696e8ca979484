from contextlib import contextmanager
from uuid import uuid4

import psycopg
import pytest

from chassis.errors import NotFound
from nightmarket.shipping.v1.shipping_pb2 import CancelShipmentRequest, GetShipmentRequest
from nightmarket.shipping.v1.shipping_pb2_grpc import ShippingServiceStub
from nightmarket.subjects import ORDER_SHIPPED
from shipping.__main__ import build_service
from shipping.config import Config
from tests.support.nats import event_client
from tests.support.services import channel, started
from tests.support.waiting import wait_until


class Client:
    """A client of the running service: calls its RPCs, publishes and reads events, and looks into its database."""

    def __init__(self, stub, nats, database_url):
        self.shipping = stub
        self._nats = nats
        self.database_url = database_url

    def publish(self, subject, order_id, event_id=""):
        """Publish an event about the order and return its ID."""
        data = {"orderId": order_id, "accountId": "ada", "email": "ada@example.com", "total": {"units": "9"}}
        return self._nats.send(subject, data, event_id)

    def publish_and_wait(self, subject, order_id, event_id=""):
        """Publish an event, wait until the service has handled it, and return its ID."""
        published = self.publish(subject, order_id, event_id)
        wait_until(lambda: self._is_handled(published))
        return published

    def _is_handled(self, event_id):
        with psycopg.connect(self.database_url) as connection:
            return connection.execute("SELECT FROM inbox WHERE event_id = %s", (event_id,)).rowcount

    def finish_packing(self):
        """Make all shipments packed."""
        with psycopg.connect(self.database_url) as connection:
            connection.execute("UPDATE shipments SET pack_until = now()")

    def shipment(self, order_id):
        """Return the order's shipment, or None if it has none."""
        try:
            return self.shipping.GetShipment(GetShipmentRequest(order_id=order_id))
        except NotFound:
            return None

    def cancel(self, order_id):
        """Cancel the order's shipment."""
        return self.shipping.CancelShipment(CancelShipmentRequest(order_id=order_id))

    def events(self, order_id):
        """Return the data of the events that the service has published about this order."""
        return [event.data for event in self._nats.events(ORDER_SHIPPED) if event.data["orderId"] == order_id]


@pytest.fixture(scope="session")
def run_shipping(service_database, nats_url, free_port):
    """Run the service during a block: run_shipping(pack_seconds=...) returns a Client."""

    @contextmanager
    def run(**settings):
        common = {"nats_url": nats_url, "port": free_port(), "admin_port": free_port()}
        if "database_url" not in settings:
            common["database_url"] = service_database("shipping")
        config = Config(**(common | settings))
        address = f"127.0.0.1:{config.port}"
        with (
            started(build_service, config),
            channel(address) as opened,
            event_client(config.nats_url) as nats,
        ):
            yield Client(ShippingServiceStub(opened), nats, config.database_url)

    return run


@pytest.fixture
def order_id():
    return str(uuid4())
