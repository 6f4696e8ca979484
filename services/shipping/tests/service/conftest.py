from contextlib import contextmanager
from uuid import uuid4

import psycopg
import pytest

from chassis.errors import NotFound
from chassis.testing import broker, channel, eventually, started
from nightmarket.shipping.v1.shipping_pb2 import CancelShipmentRequest, GetShipmentRequest
from nightmarket.shipping.v1.shipping_pb2_grpc import ShippingServiceStub
from shipping.__main__ import compose
from shipping.config import Config


class Neighbour:
    """What the rest of the market does to the running service, and sees of it."""

    def __init__(self, stub, market, database_url):
        self.shipping = stub
        self._market = market
        self.database_url = database_url

    def tells(self, event_type, order_id, event_id=""):
        """Sends the event, waits until it is taken in, and returns its id."""
        sent = self.sends(event_type, order_id, event_id)
        eventually(lambda: self._has_taken_in(sent))
        return sent

    def sends(self, event_type, order_id, event_id=""):
        """Sends the event and returns its id."""
        data = {"orderId": order_id, "accountId": "ada", "email": "ada@example.com", "total": {"units": "9"}}
        return self._market.tell(event_type, data, event_id)

    def _has_taken_in(self, event_id):
        with psycopg.connect(self.database_url) as connection:
            return connection.execute("SELECT FROM inbox WHERE event_id = %s", (event_id,)).rowcount

    def finishes_packing(self):
        """Lets the time pass that packing takes."""
        with psycopg.connect(self.database_url) as connection:
            connection.execute("UPDATE shipments SET pack_until = now()")

    def parcel(self, order_id):
        """The order's parcel; None where there is none."""
        try:
            return self.shipping.GetShipment(GetShipmentRequest(order_id=order_id))
        except NotFound:
            return None

    def withholds(self, order_id):
        """Asks to keep the order's parcel back."""
        return self.shipping.CancelShipment(CancelShipmentRequest(order_id=order_id))

    def hears(self, order_id):
        """What the service has told about this order's parcel so far."""
        told = self._market.told("market.shipping.shipped")
        return [event.data for event in told if event.data["orderId"] == order_id]


@pytest.fixture(scope="session")
def run_shipping(service_database, nats_url, free_port):
    """Runs the service for the length of a block: run_shipping(pack_seconds=...) -> its Neighbour."""

    @contextmanager
    def run(**settings):
        common = {"nats_url": nats_url, "port": free_port(), "admin_port": free_port()}
        if "database_url" not in settings:
            common["database_url"] = service_database("shipping")
        config = Config(**(common | settings))
        address = f"127.0.0.1:{config.port}"
        with started(compose, config), channel(address) as opened, broker(config.nats_url) as market:
            yield Neighbour(ShippingServiceStub(opened), market, config.database_url)

    return run


@pytest.fixture
def order_id():
    return str(uuid4())
