import threading
import time

import pytest

from services.storefront.tests.service.conftest import built
from services.storefront.tests.visitor import Visitor
from storefront import language

CLOSED = "The stall is closed for a moment"
SERVICES = ("catalog", "inventory", "recommendations", "cart", "orders", "accounts")


@pytest.fixture
def early(new_app):
    """A visitor of a shop that has never heard from its catalogue."""
    return Visitor(new_app.test_client())


def test_without_the_inventory_a_product_can_still_be_bought(buyer, state):
    state.break_down("inventory")
    page = buyer.get("/p/lamps-1")
    assert "Stock unknown" in page.text
    assert buyer.send(page, "/basket/items").place == "/basket"


def test_without_recommendations_the_product_is_shown_alone(visitor, state):
    state.alike["lamps-1"] = ["teas-1"]
    state.break_down("recommendations")
    answer = visitor.get("/p/lamps-1")
    assert answer.status == 200
    assert "Often bought together" not in answer.text


@pytest.mark.parametrize("service", ["inventory", "recommendations"])
def test_nobody_waits_for_long_for_what_a_product_can_be_shown_without(visitor, state, service):
    answered, started = threading.Event(), time.monotonic()
    state.slow[service] = answered
    try:
        assert visitor.get("/p/lamps-1").status == 200
        assert time.monotonic() - started < 2
    finally:
        answered.set()


def test_while_the_catalogue_is_away_the_home_page_shows_what_it_knows(visitor, state):
    before = visitor.get("/").text
    state.break_down("catalog")
    assert visitor.get("/").text == before


@pytest.mark.parametrize("path", ["/", "/c/lamps", "/search", "/p/lamps-1"])
def test_without_the_catalogue_there_is_nothing_to_look_at(early, state, path):
    state.break_down("catalog")
    answer = early.get(path)
    assert (answer.status, CLOSED in answer.text) == (503, True)
    assert answer.response.headers["Retry-After"] == "2"


def test_without_the_catalogue_buyers_still_see_their_orders(early, state):
    state.break_down("catalog")
    assert early.sign_in_as("ada@example.com").get("/orders").status == 200


@pytest.mark.parametrize(
    ("service", "path"),
    [("cart", "/basket"), ("cart", "/checkout"), ("orders", "/orders"), ("orders", "/orders/1")],
)
def test_what_a_page_needs_and_is_away_is_told(buyer, state, service, path):
    state.break_down(service)
    answer = buyer.get(path)
    assert (answer.status, CLOSED in answer.text) == (503, True)


@pytest.mark.parametrize("path", ["/basket", "/checkout", "/orders"])
def test_who_cannot_be_recognised_now_is_not_sent_to_sign_in(buyer, path):
    buyer.trouble = "Jwks remote fetch is failed"
    answer = buyer.get(path)
    assert (answer.status, CLOSED in answer.text) == (503, True)


def test_whose_session_has_expired_is_sent_to_sign_in(buyer):
    buyer.trouble = "Jwt is expired"
    assert buyer.get("/orders").place == "/sign-in?next=%2Forders"


@pytest.mark.parametrize("action", ["/basket/items", "/checkout"])
def test_the_form_of_who_cannot_be_recognised_now_is_not_refused_for_good(buyer, state, action):
    state.baskets["ada@example.com"] = {"lamps-1": 1}
    form = buyer.get("/checkout" if action == "/checkout" else "/p/lamps-1")
    buyer.trouble = "Jwks remote fetch is failed"
    assert buyer.send(form, action).status == 503
    buyer.trouble = ""
    assert buyer.send(form, action).status in (200, 400)


@pytest.mark.parametrize("path", ["/sign-in", "/sign-up"])
def test_without_the_accounts_nobody_can_sign_in(visitor, state, path):
    form = visitor.get(path)
    state.break_down("accounts")
    answer = visitor.send(form, path, email="ada@example.com", password="lantern light")
    assert (answer.status, CLOSED in answer.text) == (503, True)


def test_what_was_picked_is_not_lost_while_the_cart_is_away(buyer, state):
    form = buyer.get("/p/lamps-1")
    state.break_down("cart")
    assert buyer.send(form, "/basket/items").status == 503
    state.trouble.clear()
    buyer.send(form, "/basket/items")
    assert state.baskets["ada@example.com"] == {"lamps-1": 1}


def test_where_nothing_answers_at_all_there_is_a_page_and_no_traceback(market, free_port):
    nowhere = f"127.0.0.1:{free_port()}"
    config = type(market.config)(
        **{f"{name}_addr": nowhere for name in SERVICES if name != "accounts"},
        accounts_url=f"http://{nowhere}",
        secret_key=market.config.secret_key,
    )
    with built(config, language.installed()) as app:
        lost = Visitor(app.test_client())
        assert [lost.get(path).status for path in ("/", "/p/lamps-1", "/nowhere")] == [503, 503, 404]
        form = lost.get("/sign-in")
        assert lost.send(form, "/sign-in", email="a", password="b").status == 503
        assert lost.sign_in_as("ada").get("/basket").status == 503


def test_a_bug_is_a_page_too_and_tells_nobody_what_it_was(new_app, state, monkeypatch):
    def stumble(*_):
        raise RuntimeError("the inner secret")

    monkeypatch.setattr("storefront.domain.shop_window.picks", stumble)
    answer = Visitor(new_app.test_client()).get("/")
    assert (answer.status, CLOSED in answer.text) == (500, True)
    assert "secret" not in answer.response.text
