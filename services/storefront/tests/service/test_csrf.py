import time

import pytest
from itsdangerous import TimestampSigner

from services.storefront.tests.visitor import Visitor, filled

REFUSED = "This form was open for too long."


@pytest.fixture
def stranger(app):
    """Another visitor, with a browser of their own."""
    return Visitor(app.test_client())


def token(visitor, place="/p/lamps-1"):
    return filled(visitor.get(place).page, "/basket/items")["csrf"]


def add(visitor, **form):
    return visitor.post("/basket/items", product_id="lamps-1", quantity="1", **form)


def refused(response):
    return response.status_code == 400 and REFUSED in response.text


def test_no_form_is_taken_without_a_token(app, buyer):
    buyer.get("/p/lamps-1")
    routes = [rule.rule for rule in app.url_map.iter_rules() if rule.methods and "POST" in rule.methods]
    assert len(routes) == 8
    assert all(
        refused(buyer.post(route.replace("<product_id>", "x").replace("<order_id>", "x"))) for route in routes
    )


def test_a_token_works_more_than_once(buyer, state):
    own = token(buyer)
    add(buyer, csrf=own)
    add(buyer, csrf=own)
    assert state.baskets["ada@example.com"] == {"lamps-1": 2}


@pytest.mark.parametrize("wrong", ["", "x", "a.b.c", "ä" * 40, "x" * 5000])
def test_a_made_up_token_is_refused(buyer, wrong):
    buyer.get("/p/lamps-1")
    assert refused(add(buyer, csrf=wrong))


def test_a_token_of_somebody_else_is_refused(buyer, stranger):
    own = token(buyer)
    stranger.sign_in_as("ada@example.com").get("/p/lamps-1")
    assert refused(add(stranger, csrf=own))


def test_a_token_without_the_cookie_is_refused(buyer):
    own = token(buyer)
    buyer.client.delete_cookie("shop")
    assert refused(add(buyer, csrf=own))


def test_a_token_of_another_account_is_refused_even_in_the_same_browser(buyer):
    own = token(buyer)
    assert refused(add(buyer.sign_in_as("eve@example.com"), csrf=own))


def test_a_token_has_a_day(buyer, monkeypatch):
    with monkeypatch.context() as yesterday:
        yesterday.setattr(TimestampSigner, "get_timestamp", lambda _: int(time.time()) - 25 * 60 * 60)
        old = token(buyer)
    assert refused(add(buyer, csrf=old))


def test_a_changed_cookie_counts_for_nothing(buyer):
    own = token(buyer)
    cookie = buyer.client.get_cookie("shop")
    buyer.client.set_cookie("shop", cookie.value[:-2] + "xx")
    assert refused(add(buyer, csrf=own))
