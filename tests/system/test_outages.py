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
def without(market, market_folder):
    """Stops one program for the length of a block; then waits until the market can sell again."""
    _, control = require_running(StateDir(market_folder.resolve()))
    programs = {process.name: process for process in control.processes()}

    @contextmanager
    def stopped(name: str) -> Iterator[None]:
        control.stop(programs[name])
        try:
            yield
        finally:
            control.start(programs[name])
            sells(market)

    yield stopped
    control.close()


@pytest.fixture
def mails(market_folder):
    """Reads all mails that were sent so far."""
    return lambda: [path.read_text(errors="replace") for path in (market_folder / "mail" / "new").iterdir()]


@wait_until
def sells(market):
    assert requests.get(f"{market}/readyz", timeout=30).status_code == 200


@wait_until
def says_that_it_cannot_sell(market):
    assert requests.get(f"{market}/readyz", timeout=30).status_code == 503


@wait_until
def confirms(shopper, key):
    assert shopper.buy(key=key).json().get("state") == "CONFIRMED"


@wait_until
def reaches(shopper, order, *states):
    assert shopper.call("GET", f"/api/v1/orders/{order['id']}").json()["state"] in states


def browses(market, product):
    """The shop's pages and the API's reads all answer well."""
    paths = ["/", f"/p/{product}", "/search?q=lamp", "/api/v1/products", f"/api/v1/products/{product}"]
    answers = {path: requests.get(market + path, timeout=30).status_code for path in paths}
    assert set(answers.values()) == {200}, answers


def buys(shopper, product):
    shopper.fill_basket(product)
    answer = shopper.buy()
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_without_shipping_an_order_is_confirmed_at_the_flat_rate_and_sent_later(
    market, without, shopper, plentiful
):
    with without("shipping"):
        browses(market, plentiful[0])
        order = buys(shopper, plentiful[0])
        assert order["state"] == "CONFIRMED"
        assert order["shipping"]["cost"] == {"currencyCode": "USD", "units": "9", "nanos": 950000000}
    reaches(shopper, order, "SHIPPED")


def test_without_shipping_a_cancelled_order_is_cancelled_once_its_parcel_can_be_withheld(
    without, shopper, plentiful
):
    order = buys(shopper, plentiful[0])
    with without("shipping"):
        answer = shopper.call("POST", f"/api/v1/orders/{order['id']}:cancel", json={})
        assert (answer.status_code, answer.json()["state"]) == (200, "CONFIRMED"), answer.text
    reaches(shopper, order, "CANCELLED")


def test_without_recommendations_pages_leave_them_out_and_orders_are_confirmed(
    market, without, shopper, plentiful
):
    with without("recommendations"):
        browses(market, plentiful[1])
        assert "Often bought together" not in requests.get(f"{market}/p/{plentiful[1]}", timeout=30).text
        assert buys(shopper, plentiful[1])["state"] == "CONFIRMED"


def test_without_notifications_orders_are_confirmed_and_the_mail_comes_later(
    market, mails, without, shopper, plentiful
):
    def own():
        return [text for text in mails() if shopper.email in text]

    with without("notifications"):
        browses(market, plentiful[2])
        order = buys(shopper, plentiful[2])
        assert order["state"] == "CONFIRMED"
        assert own() == []

    @wait_until
    def written_to():
        assert len([text for text in own() if order["id"] in text]) == 1

    written_to()


def test_without_the_bank_an_order_waits_and_is_confirmed_later(market, without, shopper, plentiful):
    with without("bank"):
        browses(market, plentiful[3])
        order = buys(shopper, plentiful[3])
        assert order["state"] == "PENDING"
        assert shopper.call("GET", f"/api/v1/orders/{order['id']}").json()["state"] == "PENDING"
    reaches(shopper, order, "CONFIRMED", "SHIPPED")


def test_an_order_that_waits_for_the_bank_can_be_cancelled(without, shopper, plentiful):
    with without("bank"):
        order = buys(shopper, plentiful[3])
        answer = shopper.call("POST", f"/api/v1/orders/{order['id']}:cancel", json={})
        assert (answer.status_code, answer.json()["state"]) == (200, "PENDING"), answer.text
    reaches(shopper, order, "CANCELLED")


def is_refused_quickly_and_clearly(market, calls):
    """Each of these is answered with 503 and a reason, or a page that says so, in no time."""
    for method, path, body in calls:
        begun = time.monotonic()
        answer = requests.request(method, market + path, json=body, headers=HEADERS, timeout=30)
        assert time.monotonic() - begun < QUICK, path
        assert answer.status_code == 503, (path, answer.text)
        assert "reason" in answer.text if path.startswith("/api/") else "<h1" in answer.text


HEADERS: dict[str, str] = {}
ADDRESS = {"name": "Ada", "line1": "1 Lane", "city": "London", "postalCode": "SW1", "countryCode": "GB"}
ORDER = {"shippingAddress": ADDRESS, "paymentToken": "tok_visa"}


@pytest.fixture
def signed_in(shopper):
    HEADERS.update(
        {"Authorization": shopper.session.headers["Authorization"], "Idempotency-Key": "while-down"}
    )
    yield shopper
    HEADERS.clear()


def test_without_the_database_every_answer_is_a_quick_503_and_all_recovers(
    market, without, signed_in, plentiful
):
    product = plentiful[4]
    order = buys(signed_in, product)
    signed_in.fill_basket(product)
    with without("postgres"):
        is_refused_quickly_and_clearly(
            market,
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
        says_that_it_cannot_sell(market)
    confirms(signed_in, "while-down")


def test_without_the_broker_baskets_and_orders_are_a_quick_503_and_all_recovers(
    market, without, signed_in, plentiful
):
    product = plentiful[5]
    signed_in.fill_basket(product)
    with without("nats"):
        browses(market, product)
        is_refused_quickly_and_clearly(
            market,
            [
                ("GET", "/api/v1/cart", None),
                ("POST", "/api/v1/cart/items", {"productId": product, "quantity": 1}),
                ("POST", "/api/v1/orders", ORDER),
            ],
        )
        says_that_it_cannot_sell(market)
    confirms(signed_in, "while-down")
