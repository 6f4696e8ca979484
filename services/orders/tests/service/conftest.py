import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import pytest

from chassis.errors import AppError
from chassis.postgres import Database
from orders.checkout import Checkout
from orders.clients import Clients
from orders.config import Config
from orders.domain.orders import Address, Line, Order, Request
from orders.driver import Driver
from orders.store import Store

LINES = (Line("lamp", "Lamp", 2, 1999),)
SHIPPING_CENTS, FLAT_CENTS = 500, 995


@dataclass
class FakeServices:
    """The services that orders calls: they do what they are asked, or answer with the error that is set."""

    errors: dict[str, list[AppError]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    before: dict[str, Callable[[], None]] = field(default_factory=dict)

    def _answer(self, name: str) -> None:
        self.asked.append(name)
        if name in self.before:
            self.before.pop(name)()
        if self.errors.get(name):
            raise self.errors[name].pop(0)

    def priced_basket(self) -> tuple[Line, ...]:
        self._answer("priced_basket")
        return LINES

    def shipping_cents(self, country_code: str, lines: tuple[Line, ...]) -> int:
        self._answer("shipping_cents")
        return SHIPPING_CENTS

    def __getattr__(self, name: str) -> Callable[[Order], None]:
        if name not in {
            "reserve", "commit", "release", "authorize", "capture", "cancel_payment", "clear_basket", "withhold",
        }:  # fmt: skip
            raise AttributeError(name)
        return lambda order: self._answer(name)


@dataclass
class Shop:
    """Orders on a real database, with fake services around it."""

    store: Store
    services: FakeServices
    driver: Driver
    checkout: Checkout
    database: Database

    def request(self, **changed: str) -> Request:
        wanted = {"account_id": "account", "email": "a@example.com", "idempotency_key": str(uuid.uuid4())}
        address = Address("Ada", "1 Lane", "", "London", "SW1", "GB")
        return Request(**(wanted | changed), address=address, payment_token="tok_visa")

    def outbox(self) -> list[str]:
        with self.database.connection() as connection:
            return [
                row["subject"] for row in connection.execute("SELECT subject FROM outbox ORDER BY position")
            ]


def make_due(shop: Shop) -> None:
    """Nobody drives an order any more, and each may be tried again now."""
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
    driver = Driver(store, clients, announce=lambda: None)
    return Shop(store, services, driver, Checkout(store, clients, driver, FLAT_CENTS), database)


@pytest.fixture
def config(database_url, nats_url, free_port):
    """The configuration of the whole service on the database of `shop`, its sweeper asleep and no service to call."""
    nobody = f"127.0.0.1:{free_port()}"
    return Config(
        database_url=database_url,
        nats_url=nats_url,
        catalog_addr=nobody,
        cart_addr=nobody,
        inventory_addr=nobody,
        payments_addr=nobody,
        shipping_addr=nobody,
        sweep_seconds=3600.0,
        port=free_port(),
        admin_port=0,
    )
