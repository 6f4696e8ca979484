import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from laptop.state_dir import StateDir
from laptop.status import require_running

QUICK = 2.0  # seconds, until an answer that something is down has come; two retries of the gateway included
wait_until = retry(
    retry=retry_if_exception_type((AssertionError, requests.ConnectionError)),
    stop=stop_after_delay(60),
    wait=wait_fixed(0.1),
    reraise=True,
)


@pytest.fixture
def outage(stack_url, state_folder):
    """Stops one program for the length of a block; then waits until the market can sell again."""
    _, control = require_running(StateDir(state_folder.resolve()))
    programs = {process.name: process for process in control.processes()}

    @contextmanager
    def stopped(name: str) -> Iterator[None]:
        control.stop(programs[name])
        try:
            yield
        finally:
            control.start(programs[name])
            wait_until_ready(stack_url)

    yield stopped
    control.close()


@pytest.fixture
def emails(state_folder):
    """Reads all mails that were sent so far."""
    return lambda: [path.read_text(errors="replace") for path in (state_folder / "mail" / "new").iterdir()]


@wait_until
def wait_until_ready(stack_url):
    assert requests.get(f"{stack_url}/readyz", timeout=30).status_code == 200


@wait_until
def wait_until_not_ready(stack_url):
    assert requests.get(f"{stack_url}/readyz", timeout=30).status_code == 503


@wait_until
def wait_until_confirmed(customer, key):
    assert customer.buy(key=key).json().get("state") == "CONFIRMED"


@wait_until
def wait_for_state(customer, order, *states):
    assert customer.call("GET", f"/api/v1/orders/{order['id']}").json()["state"] in states


def assert_pages_work(stack_url, product):
    """The shop's pages and the API's reads all answer well."""
    paths = ["/", f"/p/{product}", "/search?q=lamp", "/api/v1/products", f"/api/v1/products/{product}"]
    answers = {path: requests.get(stack_url + path, timeout=30).status_code for path in paths}
    assert set(answers.values()) == {200}, answers


def buy(customer, product):
    customer.fill_cart(product)
    answer = customer.buy()
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_without_shipping_an_order_is_confirmed_at_the_flat_rate_and_sent_later(
    stack_url, outage, customer, in_stock
):
    with outage("shipping"):
        assert_pages_work(stack_url, in_stock[0])
        order = buy(customer, in_stock[0])
        assert order["state"] == "CONFIRMED"
        assert order["shipping"]["cost"] == {"currencyCode": "USD", "units": "9", "nanos": 950000000}
    wait_for_state(customer, order, "SHIPPED")


def test_without_shipping_a_cancelled_order_is_cancelled_once_its_parcel_can_be_withheld(
    outage, customer, in_stock
):
    order = buy(customer, in_stock[0])
    with outage("shipping"):
        answer = customer.call("POST", f"/api/v1/orders/{order['id']}:cancel", json={})
        assert (answer.status_code, answer.json()["state"]) == (200, "CONFIRMED"), answer.text
    wait_for_state(customer, order, "CANCELLED")


def test_without_recommendations_pages_leave_them_out_and_orders_are_confirmed(
    stack_url, outage, customer, in_stock
):
    with outage("recommendations"):
        assert_pages_work(stack_url, in_stock[1])
        assert "Often bought together" not in requests.get(f"{stack_url}/p/{in_stock[1]}", timeout=30).text
        assert buy(customer, in_stock[1])["state"] == "CONFIRMED"


def test_without_notifications_orders_are_confirmed_and_the_mail_comes_later(
    stack_url, emails, outage, customer, in_stock
):
    def own():
        return [text for text in emails() if customer.email in text]

    with outage("notifications"):
        assert_pages_work(stack_url, in_stock[2])
        order = buy(customer, in_stock[2])
        assert order["state"] == "CONFIRMED"
        assert own() == []

    @wait_until
    def written_to():
        assert len([text for text in own() if order["id"] in text]) == 1

    written_to()


def test_without_the_bank_an_order_waits_and_is_confirmed_later(stack_url, outage, customer, in_stock):
    with outage("bank"):
        assert_pages_work(stack_url, in_stock[3])
        order = buy(customer, in_stock[3])
        assert order["state"] == "PENDING"
        assert customer.call("GET", f"/api/v1/orders/{order['id']}").json()["state"] == "PENDING"
    wait_for_state(customer, order, "CONFIRMED", "SHIPPED")


def test_an_order_that_waits_for_the_bank_can_be_cancelled(outage, customer, in_stock):
    with outage("bank"):
        order = buy(customer, in_stock[3])
        answer = customer.call("POST", f"/api/v1/orders/{order['id']}:cancel", json={})
        assert (answer.status_code, answer.json()["state"]) == (200, "PENDING"), answer.text
    wait_for_state(customer, order, "CANCELLED")


def is_refused_quickly_and_clearly(stack_url, calls):
    """Each of these is answered with 503 and a reason, or a page that says so, in no time."""
    for method, path, body in calls:
        begun = time.monotonic()
        answer = requests.request(method, stack_url + path, json=body, headers=HEADERS, timeout=30)
        assert time.monotonic() - begun < QUICK, path
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


def test_without_the_database_every_answer_is_a_quick_503_and_all_recovers(
    stack_url, outage, signed_in, in_stock
):
    product = in_stock[4]
    order = buy(signed_in, product)
    signed_in.fill_cart(product)
    with outage("postgres"):
        is_refused_quickly_and_clearly(
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


def test_without_the_broker_baskets_and_orders_are_a_quick_503_and_all_recovers(
    stack_url, outage, signed_in, in_stock
):
    product = in_stock[5]
    signed_in.fill_cart(product)
    with outage("nats"):
        assert_pages_work(stack_url, product)
        is_refused_quickly_and_clearly(
            stack_url,
            [
                ("GET", "/api/v1/cart", None),
                ("POST", "/api/v1/cart/items", {"productId": product, "quantity": 1}),
                ("POST", "/api/v1/orders", ORDER),
            ],
        )
        wait_until_not_ready(stack_url)
    wait_until_confirmed(signed_in, "while-down")
