"""Outages: each service and server stops while customers shop, and the stack recovers."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from laptop.state_dir import StateDir
from laptop.status import require_running
from tests.support.waiting import wait_until

MAX_ERROR_SECONDS = 2.0  # until a request fails because of an outage; includes two retries of the gateway
RECOVERY_TIMEOUT = 60.0  # seconds


@pytest.fixture
def outage(stack_url, state_folder):
    """Stops a process for the length of a block, then waits until the stack is ready again."""
    _, supervisor = require_running(StateDir(state_folder.resolve()))
    processes = {process.name: process for process in supervisor.processes()}

    @contextmanager
    def stopped(name: str) -> Iterator[None]:
        supervisor.stop(processes[name])
        try:
            yield
        finally:
            supervisor.start(processes[name])
            wait_until_ready(stack_url)

    yield stopped
    supervisor.close()


@pytest.fixture
def emails(state_folder):
    """Reads all emails that were sent so far."""
    return lambda: [path.read_text(errors="replace") for path in (state_folder / "mail" / "new").iterdir()]


def wait_until_ready(stack_url):
    wait_until(lambda: readiness(stack_url) == 200, RECOVERY_TIMEOUT, "the stack is ready")


def wait_until_not_ready(stack_url):
    wait_until(
        lambda: readiness(stack_url) == 503, RECOVERY_TIMEOUT, "the stack reports that it is not ready"
    )


def readiness(stack_url):
    """Return the status of the gateway's /readyz, or None if it does not answer."""
    try:
        return requests.get(f"{stack_url}/readyz", timeout=30).status_code
    except requests.ConnectionError:
        return None


def wait_until_confirmed(customer, key):
    """Repeat an order with the same idempotency key until it is confirmed."""

    def is_confirmed():
        try:
            return customer.buy(key=key).json().get("state") == "CONFIRMED"
        except requests.ConnectionError:
            return False

    wait_until(is_confirmed, RECOVERY_TIMEOUT, "the order is confirmed")


def wait_for_state(customer, order, *states):
    def state():
        try:
            return customer.call("GET", f"/api/v1/orders/{order['id']}").json().get("state")
        except requests.ConnectionError:
            return None

    wait_until(lambda: state() in states, RECOVERY_TIMEOUT, f"the order is {' or '.join(states)}")


def assert_pages_work(stack_url, product):
    """Assert that the pages of the shop and the API's reads work."""
    paths = ["/", f"/p/{product}", "/search?q=lamp", "/api/v1/products", f"/api/v1/products/{product}"]
    answers = {path: requests.get(stack_url + path, timeout=30).status_code for path in paths}
    assert set(answers.values()) == {200}, answers


def buy(customer, product):
    """Buy one unit of a product and return the order."""
    customer.fill_cart(product)
    answer = customer.buy()
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_if_shipping_is_down_an_order_is_confirmed_at_the_flat_rate_and_shipped_later(
    stack_url, outage, customer, in_stock
):
    with outage("shipping"):
        assert_pages_work(stack_url, in_stock[0])
        order = buy(customer, in_stock[0])
        assert order["state"] == "CONFIRMED"
        assert order["shipping"]["cost"] == {"currencyCode": "USD", "units": "9", "nanos": 950000000}
    wait_for_state(customer, order, "SHIPPED")


def test_if_shipping_is_down_an_order_is_canceled_once_its_shipment_can_be_canceled(
    outage, customer, in_stock
):
    order = buy(customer, in_stock[0])
    with outage("shipping"):
        answer = customer.call("POST", f"/api/v1/orders/{order['id']}:cancel", json={})
        assert (answer.status_code, answer.json()["state"]) == (200, "CONFIRMED"), answer.text
    wait_for_state(customer, order, "CANCELLED")


def test_if_recommendations_is_down_pages_omit_them_and_orders_are_confirmed(
    stack_url, outage, customer, in_stock
):
    with outage("recommendations"):
        assert_pages_work(stack_url, in_stock[1])
        assert "Often bought together" not in requests.get(f"{stack_url}/p/{in_stock[1]}", timeout=30).text
        assert buy(customer, in_stock[1])["state"] == "CONFIRMED"


def test_if_notifications_is_down_orders_are_confirmed_and_the_email_is_sent_later(
    stack_url, emails, outage, customer, in_stock
):
    def own():
        return [text for text in emails() if customer.email in text]

    with outage("notifications"):
        assert_pages_work(stack_url, in_stock[2])
        order = buy(customer, in_stock[2])
        assert order["state"] == "CONFIRMED"
        assert own() == []

    wait_until(
        lambda: len([text for text in own() if order["id"] in text]) == 1,
        RECOVERY_TIMEOUT,
        "the email is sent",
    )


def test_if_the_bank_is_down_an_order_stays_pending_and_is_confirmed_later(
    stack_url, outage, customer, in_stock
):
    with outage("bank"):
        assert_pages_work(stack_url, in_stock[3])
        order = buy(customer, in_stock[3])
        assert order["state"] == "PENDING"
        assert customer.call("GET", f"/api/v1/orders/{order['id']}").json()["state"] == "PENDING"
    wait_for_state(customer, order, "CONFIRMED", "SHIPPED")


def test_an_order_that_is_pending_because_of_the_bank_can_be_canceled(outage, customer, in_stock):
    with outage("bank"):
        order = buy(customer, in_stock[3])
        answer = customer.call("POST", f"/api/v1/orders/{order['id']}:cancel", json={})
        assert (answer.status_code, answer.json()["state"]) == (200, "PENDING"), answer.text
    wait_for_state(customer, order, "CANCELLED")


def assert_fails_fast(stack_url, calls):
    """Assert that each request fails fast, with status 503 and a reason or an error page."""
    for method, path, body in calls:
        start = time.monotonic()
        answer = requests.request(method, stack_url + path, json=body, headers=HEADERS, timeout=30)
        assert time.monotonic() - start < MAX_ERROR_SECONDS, path
        assert answer.status_code == 503, (path, answer.text)
        assert "reason" in answer.text if path.startswith("/api/") else "<h1" in answer.text


HEADERS: dict[str, str] = {}
ADDRESS = {"name": "Ada", "line1": "1 Lane", "city": "London", "postalCode": "SW1", "countryCode": "GB"}
ORDER = {"shippingAddress": ADDRESS, "paymentToken": "tok_visa"}


@pytest.fixture
def signed_in(customer):
    HEADERS.update(
        {"Authorization": customer.session.headers["Authorization"], "Idempotency-Key": "while-down"}
    )
    yield customer
    HEADERS.clear()


def test_if_postgres_is_down_every_request_fails_fast_with_503_until_it_recovers(
    stack_url, outage, signed_in, in_stock
):
    product = in_stock[4]
    order = buy(signed_in, product)
    signed_in.fill_cart(product)
    with outage("postgres"):
        assert_fails_fast(
            stack_url,
            [
                ("GET", "/api/v1/products", None),
                ("GET", f"/api/v1/products/{product}", None),
                ("GET", f"/api/v1/products/{product}/stock", None),
                ("GET", f"/api/v1/products/{product}/recommendations", None),
                ("GET", f"/p/{product}", None),
                ("GET", f"/api/v1/orders/{order['id']}", None),
                ("POST", "/api/v1/orders", ORDER),
                ("POST", "/api/v1/accounts", {"email": "a@example.com", "password": "x" * 20, "name": "A"}),
            ],
        )
        wait_until_not_ready(stack_url)
    wait_until_confirmed(signed_in, "while-down")


def test_if_nats_is_down_carts_and_orders_fail_fast_with_503_until_it_recovers(
    stack_url, outage, signed_in, in_stock
):
    product = in_stock[5]
    signed_in.fill_cart(product)
    with outage("nats"):
        assert_pages_work(stack_url, product)
        assert_fails_fast(
            stack_url,
            [
                ("GET", "/api/v1/cart", None),
                ("POST", "/api/v1/cart/items", {"productId": product, "quantity": 1}),
                ("POST", "/api/v1/orders", ORDER),
            ],
        )
        wait_until_not_ready(stack_url)
    wait_until_confirmed(signed_in, "while-down")
