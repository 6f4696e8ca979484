"""A database of the version before the standard terms: its orders go on where they were."""

from pathlib import Path
from typing import cast

import psycopg
import pytest
from psycopg.types.json import Jsonb

from chassis.errors import FailedPrecondition
from chassis.postgres import Database, migrate
from orders.clients import Clients
from orders.domain.orders import Address, OrderRequest, State
from orders.saga_executor import SagaExecutor
from orders.service import OrderService
from orders.store import Store
from orders.sweeper import Sweeper
from services.orders.tests.service.conftest import FakeServices

MIGRATIONS = Path(__file__).parents[2] / "migrations"
ADDRESS = {
    "name": "Ada", "line1": "1 Lane", "line2": "", "city": "London", "postal_code": "SW1", "country_code": "GB",
}  # fmt: skip
LINES = [
    {"product_id": "lamp", "name": "Lamp", "quantity": 2, "unit_cents": 1999, "basket_line": 7},
    {"product_id": "bowl", "name": "Bowl", "quantity": 1, "unit_cents": 500},  # of an even older version
]
BY_BUYER = {"code": 9, "reason": "CANCELLED_BY_BUYER", "message": "You cancelled this order.", "metadata": {}}
DECLINED = {
    "code": 9,
    "reason": "CARD_DECLINED",
    "message": "The bank has declined the card.",
    "metadata": {},
}


def request(order_id):
    return OrderRequest("account", "a@example.com", order_id, Address(**ADDRESS), "tok_visa")


def insert(connection, order_id, state, next_step, refusal, journey):
    connection.execute(
        "INSERT INTO orders (id, account_id, email, idempotency_key, request_hash, state, address, lines,"
        " shipping_cents, total_cents, payment_token, refusal, traceparent, next_step, lease, lease_end_time)"
        " VALUES (%s, 'account', 'a@example.com', %s, %s, %s, %s, %s, 500, 4998, 'tok_visa', %s, '', %s, 'x', now())",
        (
            order_id, order_id, request(order_id).hash, state, Jsonb(ADDRESS), Jsonb(LINES),
            Jsonb(refusal) if refusal else None, next_step,
        ),
    )  # fmt: skip
    for step, service, outcome in journey:
        connection.execute(
            "INSERT INTO journey (order_id, step, service, outcome) VALUES (%s, %s, %s, %s)",
            (order_id, step, service, outcome),
        )


@pytest.fixture
def store(older_database):
    url = older_database("orders", "0003_standard_terms")
    with psycopg.connect(url) as connection:
        insert(
            connection, "clearing", "CONFIRMED", "basket.clear", None, [("basket.clear", "cart", "started")]
        )
        insert(
            connection, "cancelling", "CONFIRMED", "parcel.withhold", BY_BUYER,
            [("order.confirm", "orders", "done"), ("parcel.withhold", "shipping", "unknown")],
        )  # fmt: skip
        insert(
            connection, "declined", "PENDING", "stock.release", DECLINED,
            [("payment.authorize", "payments", "refused"), ("stock.release", "inventory", "started")],
        )  # fmt: skip
        insert(
            connection, "shipped", "SHIPPED", None, None,
            [("basket.clear", "cart", "done"), ("parcel.consign", "shipping", "done")],
        )  # fmt: skip
    assert migrate(url, MIGRATIONS) == 1
    database = Database(url, max_connections=4)
    database.open()
    yield Store(database, lease_seconds=20)
    database.close()


def finish(store):
    """Drives every unfinished order to its end."""
    services = FakeServices()
    executor = SagaExecutor(store, cast(Clients, services), notify=lambda: None)
    Sweeper(store, executor, give_up_seconds=600.0).sweep()
    return services


def journey(store, order_id):
    return [(step.step, step.outcome) for step in store.order("account", order_id).journey]


def test_an_order_that_was_clearing_the_cart_is_finished(store):
    services = finish(store)
    assert "clear_cart" in services.calls
    assert journey(store, "clearing") == [("cart.clear", "done")]
    assert store.order("account", "clearing").next_step is None


def test_an_order_that_was_canceling_its_shipment_is_canceled(store):
    services = finish(store)
    assert "cancel_shipment" in services.calls
    order = store.order("account", "cancelling")
    assert (order.state, order.next_step) == (State.CANCELLED, None)
    assert journey(store, "cancelling")[:2] == [("order.confirm", "done"), ("shipment.cancel", "done")]


def test_a_rejected_order_keeps_its_reason_and_is_canceled(store):
    finish(store)
    assert journey(store, "declined")[0] == ("payment.authorize", "rejected")
    services = FakeServices()
    clients = cast(Clients, services)
    checkout = OrderService(store, clients, SagaExecutor(store, clients, notify=lambda: None), 995)
    with pytest.raises(FailedPrecondition) as error:
        checkout.place(request("declined"))
    assert error.value.reason == "CARD_DECLINED"


def test_a_finished_order_keeps_its_lines_and_its_journey(store):
    assert journey(store, "shipped") == [("cart.clear", "done"), ("shipment.ship", "done")]
    lines = store.order("account", "shipped").lines
    assert [(line.product_id, line.cart_line) for line in lines] == [("lamp", 7), ("bowl", 0)]
