import os
import subprocess
import sys
from contextlib import contextmanager
from urllib.request import urlopen
from uuid import uuid4

import pytest

from cart.__main__ import build_service
from cart.config import Config
from chassis.context import ACCOUNT_ID, RequestContext, use_context
from nightmarket.cart.v1 import cart_pb2 as wire
from nightmarket.cart.v1.cart_pb2_grpc import CartServiceStub, CheckoutCartServiceStub
from tests.support.services import channel, started
from tests.support.waiting import wait_until


class Buyer:
    """A client with the account of a buyer, or without an account."""

    def __init__(self, opened, account_id=""):
        self._cart = CartServiceStub(opened)
        self._checkout = CheckoutCartServiceStub(opened)
        self._call = RequestContext({ACCOUNT_ID: account_id} if account_id else {})
        self.account_id = account_id

    def get(self):
        return self._invoke(self._cart.GetCart, wire.GetCartRequest())

    def add(self, product_id, quantity=1):
        return self._invoke(self._cart.AddItem, wire.AddItemRequest(product_id=product_id, quantity=quantity))

    def set(self, product_id, quantity):
        return self._invoke(self._cart.SetItem, wire.SetItemRequest(product_id=product_id, quantity=quantity))

    def remove(self, product_id):
        return self._invoke(self._cart.RemoveItem, wire.RemoveItemRequest(product_id=product_id))

    def contents(self):
        """Return the quantity of each product, in the order of the cart."""
        lines = self._invoke(self._checkout.GetContents, wire.GetContentsRequest()).lines
        return {line.product_id: line.quantity for line in lines}

    def remove_bought(self, order_id, **quantities):
        lines = [
            wire.ContentsLine(product_id=name, quantity=quantity) for name, quantity in quantities.items()
        ]
        return self._invoke(
            self._checkout.RemoveBought, wire.RemoveBoughtRequest(order_id=order_id, lines=lines)
        )

    def _invoke(self, method, request):
        with use_context(self._call):
            return method(request)


@pytest.fixture(scope="session")
def catalog_addr(service_database, free_port):
    """The address of a real catalog with its seed products."""
    port, admin_port = free_port(), free_port()
    variables = {
        "DATABASE_URL": service_database("catalog"),
        "PORT": str(port),
        "ADMIN_PORT": str(admin_port),
    }
    process = subprocess.Popen([sys.executable, "-m", "catalog"], env={**os.environ, **variables})
    try:
        wait_until(lambda: process.poll() is not None or is_ready(admin_port))
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def is_ready(admin_port):
    """Return whether the service with this admin port is ready."""
    try:
        with urlopen(f"http://127.0.0.1:{admin_port}/readyz", timeout=1) as response:
            return response.status == 200
    except OSError:
        return False


@pytest.fixture(scope="session")
def run_cart(nats_url, catalog_addr, free_port):
    """Run the service during a block: run_cart() returns a channel to it. `wait` waits until it is ready."""

    @contextmanager
    def run(nats_url=nats_url, catalog_addr=catalog_addr, wait=True):
        config = Config(
            nats_url=nats_url, catalog_addr=catalog_addr, port=free_port(), admin_port=free_port()
        )
        with started(build_service, config) as service, channel(f"127.0.0.1:{config.port}") as opened:
            if wait:
                wait_until(lambda: not service.readiness.problems())
            yield opened

    return run


@pytest.fixture(scope="module")
def cart(run_cart):
    with run_cart() as opened:
        yield opened


@pytest.fixture
def buyer(cart):
    """A buyer with a new account."""
    return Buyer(cart, str(uuid4()))


@pytest.fixture
def another():
    """Create more buyers: another(channel, account_id)."""
    return Buyer
