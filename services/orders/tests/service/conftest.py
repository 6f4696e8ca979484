import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import pytest

from chassis.errors import AppError
from chassis.postgres import Database
from orders.clients import Clients
from orders.config import Config
from orders.domain.orders import Address, Line, Order, OrderRequest
from orders.saga_executor import SagaExecutor
from orders.service import OrderService
from orders.store import Store

LINES = (Line("lamp", "Lamp", 2, 1999),)
SHIPPING_CENTS, FLAT_CENTS = 500, 995


@dataclass
class FakeServices:
    """Fakes of the services that orders calls. A call succeeds, or fails with the next error of `errors`.

    `before` has functions that are called once, at the start of a call.
    """

    errors: dict[str, list[AppError]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    before: dict[str, Callable[[], None]] = field(default_factory=dict)

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if name in self.before:
            self.before.pop(name)()
        if self.errors.get(name):
            raise self.errors[name].pop(0)

    def priced_cart(self) -> tuple[Line, ...]:
        self._call("priced_cart")
        return LINES

    def shipping_cents(self, country_code: str, lines: tuple[Line, ...]) -> int:
        self._call("shipping_cents")
        return SHIPPING_CENTS

    def __getattr__(self, name: str) -> Callable[[Order], None]:
        if name not in {
            "reserve", "commit", "release", "authorize", "capture", "cancel_payment", "clear_cart", "cancel_shipment",
        }:  # fmt: skip
            raise AttributeError(name)
        return lambda order: self._call(name)


@dataclass
class Shop:
    """The orders service on a real database, with fakes of the services that it calls."""

    store: Store
    services: FakeServices
    executor: SagaExecutor
    orders: OrderService
    database: Database

    def request(self, **changed: str) -> OrderRequest:
        fields = {"account_id": "account", "email": "a@example.com", "idempotency_key": str(uuid.uuid4())}
        address = Address("Ada", "1 Lane", "", "London", "SW1", "GB")
        return OrderRequest(**(fields | changed), address=address, payment_token="tok_visa")

    def outbox(self) -> list[str]:
        with self.database.connection() as connection:
            return [
                row["subject"] for row in connection.execute("SELECT subject FROM outbox ORDER BY position")
            ]


def make_due(shop: Shop) -> None:
    """End all leases and make every order due."""
    with shop.database.connection() as connection:
        connection.execute("UPDATE orders SET next_attempt_time = now(), lease_end_time = now()")


@pytest.fixture(scope="module")
def database_url(service_database):
    return service_database("orders")


@pytest.fixture(scope="module")
def database(database_url):
    opened = Database(database_url, max_connections=16)
    opened.open()
    yield opened
    opened.close()


@pytest.fixture
def shop(database):
    with database.connection() as connection:
        connection.execute("TRUNCATE orders, journey, outbox, inbox")
    store, services = Store(database, lease_seconds=20), FakeServices()
    clients = cast(Clients, services)
    executor = SagaExecutor(store, clients, notify=lambda: None)
    return Shop(store, services, executor, OrderService(store, clients, executor, FLAT_CENTS), database)


@pytest.fixture
def config(database_url, nats_url, free_port):
    """The configuration of a real service on the database of `shop`, without a sweeper and without upstreams."""
    nowhere = f"127.0.0.1:{free_port()}"
    return Config(
        database_url=database_url,
        nats_url=nats_url,
        catalog_addr=nowhere,
        cart_addr=nowhere,
        inventory_addr=nowhere,
        payments_addr=nowhere,
        shipping_addr=nowhere,
        sweep_seconds=3600.0,
        port=free_port(),
        admin_port=0,
    )
