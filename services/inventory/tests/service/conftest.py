from contextlib import contextmanager
from uuid import uuid4

import psycopg
import pytest
from psycopg.rows import dict_row

from inventory.__main__ import build_service
from inventory.config import Config
from nightmarket.inventory.v1 import inventory_pb2 as wire
from nightmarket.inventory.v1.inventory_pb2_grpc import InventoryServiceStub, ReservationServiceStub
from tests.support.services import channel, started


class InventoryClient:
    """A client of the running service and of its database."""

    def __init__(self, opened, database_url):
        self._stock = InventoryServiceStub(opened)
        self._reservations = ReservationServiceStub(opened)
        self.database_url = database_url

    def available(self, product_id):
        return self._stock.GetStock(wire.GetStockRequest(product_id=product_id)).available

    def reserve(self, order_id, **quantities):
        lines = [wire.Line(product_id=product, quantity=units) for product, units in quantities.items()]
        return self._reservations.Reserve(wire.ReserveRequest(order_id=order_id, lines=lines))

    def commit(self, order_id):
        return self._reservations.Commit(wire.CommitRequest(order_id=order_id))

    def release(self, order_id):
        return self._reservations.Release(wire.ReleaseRequest(order_id=order_id))

    def deliver(self, **units):
        """Insert new products with their stock and its delivery."""
        with psycopg.connect(self.database_url) as connection, connection.cursor() as cursor:
            cursor.executemany("INSERT INTO stock VALUES (%s, %s)", list(units.items()))
            cursor.executemany(
                "INSERT INTO movements (reference, product_id, kind, quantity)"
                " SELECT 'test', product_id, 'DELIVERED', available FROM stock"
                " WHERE product_id = %s AND available > 0",
                [(product_id,) for product_id in units],
            )

    def make_overdue(self, order_id):
        with psycopg.connect(self.database_url) as connection:
            connection.execute("UPDATE reservations SET expire_time = now() WHERE order_id = %s", (order_id,))

    def balance(self, product_id):
        with psycopg.connect(self.database_url, row_factory=dict_row) as connection:
            return connection.execute(
                "SELECT * FROM stock_audit WHERE product_id = %s", (product_id,)
            ).fetchone()


@pytest.fixture(scope="session")
def run_inventory(free_port):
    """Return a context manager that runs the service on a database and yields its InventoryClient."""

    @contextmanager
    def run(database_url):
        config = Config(database_url=database_url, port=free_port(), admin_port=free_port())
        with started(build_service, config), channel(f"127.0.0.1:{config.port}") as opened:
            yield InventoryClient(opened, database_url)

    return run


@pytest.fixture(scope="module")
def inventory(run_inventory, service_database):
    with run_inventory(service_database("inventory")) as client:
        yield client


@pytest.fixture
def product(inventory):
    """A new product with five units in stock."""
    name = f"lamp-{uuid4()}"
    inventory.deliver(**{name: 5})
    return name


@pytest.fixture
def order_id():
    return str(uuid4())
