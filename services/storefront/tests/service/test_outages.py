import threading
import time

import pytest

from services.storefront.tests.service.conftest import built_app
from services.storefront.tests.visitor import Visitor

CLOSED = "We'll be right back"
SERVICES = ("catalog", "inventory", "recommendations", "cart", "orders", "accounts")
NO_KEYS = "Jwks remote fetch is failed"


@pytest.fixture
def first_visitor(new_app):
    """The first visitor of a shop whose caches are empty."""
    return Visitor(new_app.test_client())


def test_a_product_can_be_bought_while_inventory_is_down(buyer, state):
    state.take_down("inventory")
    page = buyer.get("/p/lamps-1")
    assert "Stock unknown" in page.text
    assert buyer.submit(page, "/cart/items").path == "/cart"


def test_a_product_is_shown_without_recommendations_while_they_are_down(visitor, state):
    state.recommendations["lamps-1"] = ["teas-1"]
    state.take_down("recommendations")
    answer = visitor.get("/p/lamps-1")
    assert answer.status == 200
    assert "Often bought together" not in answer.text


@pytest.mark.parametrize("service", ["inventory", "recommendations"])
def test_a_product_page_does_not_wait_long_for_optional_answers(visitor, state, service):
    answered, started = threading.Event(), time.monotonic()
    state.delays[service] = answered
    try:
        assert visitor.get("/p/lamps-1").status == 200
        assert time.monotonic() - started < 2
    finally:
        answered.set()


def test_the_home_page_shows_the_last_known_products_while_the_catalog_is_down(visitor, state):
    before = visitor.get("/").text
    state.take_down("catalog")
    assert visitor.get("/").text == before


@pytest.mark.parametrize("path", ["/", "/c/lamps", "/search", "/p/lamps-1"])
def test_products_are_unavailable_if_the_catalog_has_never_answered(first_visitor, state, path):
    state.take_down("catalog")
    answer = first_visitor.get(path)
    assert (answer.status, CLOSED in answer.text) == (503, True)
    assert answer.response.headers["Retry-After"] == "2"


def test_buyers_see_their_orders_while_the_catalog_is_down(first_visitor, state):
    state.take_down("catalog")
    assert first_visitor.sign_in_as("ada@example.com").get("/orders").status == 200


@pytest.mark.parametrize(
    ("service", "path"),
    [("cart", "/cart"), ("cart", "/checkout"), ("orders", "/orders"), ("orders", "/orders/1")],
)
def test_a_page_is_unavailable_if_the_service_that_it_needs_is_down(buyer, state, service, path):
    state.take_down(service)
    answer = buyer.get(path)
    assert (answer.status, CLOSED in answer.text) == (503, True)


@pytest.mark.parametrize("path", ["/cart", "/checkout", "/orders"])
def test_a_visitor_is_not_sent_to_sign_in_if_the_session_cannot_be_checked(buyer, path):
    buyer.session_error = NO_KEYS
    answer = buyer.get(path)
    assert (answer.status, CLOSED in answer.text) == (503, True)


def test_a_visitor_with_an_expired_session_is_sent_to_sign_in(buyer):
    buyer.session_error = "Jwt is expired"
    assert buyer.get("/orders").path == "/sign-in?next=%2Forders"


@pytest.mark.parametrize("action", ["/cart/items", "/checkout"])
def test_a_form_stays_valid_while_the_session_cannot_be_checked(buyer, state, action):
    state.carts["ada@example.com"] = {"lamps-1": 1}
    form = buyer.get("/checkout" if action == "/checkout" else "/p/lamps-1")
    buyer.session_error = NO_KEYS
    buyer.get("/p/lamps-1")
    assert buyer.submit(form, action).status == 503
    buyer.session_error = ""
    answer = buyer.submit(form, action, **({"city": "London"} if action == "/checkout" else {}))
    assert answer.status == 200


@pytest.mark.parametrize("path", ["/sign-in", "/sign-up"])
def test_signing_in_is_unavailable_while_accounts_is_down(visitor, state, path):
    form = visitor.get(path)
    state.take_down("accounts")
    answer = visitor.submit(form, path, email="ada@example.com", password="lantern light")
    assert (answer.status, CLOSED in answer.text) == (503, True)


def test_a_product_can_be_added_again_after_the_cart_was_down(buyer, state):
    form = buyer.get("/p/lamps-1")
    state.take_down("cart")
    assert buyer.submit(form, "/cart/items").status == 503
    state.errors.clear()
    buyer.submit(form, "/cart/items")
    assert state.carts["ada@example.com"] == {"lamps-1": 1}


def test_every_page_is_an_error_page_if_no_service_answers(stack, free_port):
    nowhere = f"127.0.0.1:{free_port()}"
    config = type(stack.config)(
        **{f"{name}_addr": nowhere for name in SERVICES if name != "accounts"},
        accounts_url=f"http://{nowhere}",
        secret_key=stack.config.secret_key,
    )
    with built_app(config) as app:
        visitor = Visitor(app.test_client())
        assert [visitor.get(path).status for path in ("/", "/p/lamps-1", "/nowhere")] == [503, 503, 404]
        form = visitor.get("/sign-in")
        assert visitor.submit(form, "/sign-in", email="a", password="b").status == 503
        assert visitor.sign_in_as("ada").get("/cart").status == 503


def test_an_unexpected_error_is_an_error_page_without_details(new_app, state, monkeypatch):
    def fail(*_):
        raise RuntimeError("the inner secret")

    monkeypatch.setattr("storefront.domain.catalog.featured", fail)
    answer = Visitor(new_app.test_client()).get("/")
    assert (answer.status, CLOSED in answer.text) == (500, True)
    assert "secret" not in answer.response.text
