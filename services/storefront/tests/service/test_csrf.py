import time

import pytest
from itsdangerous import TimestampSigner

from services.storefront.tests.visitor import Visitor, form_values


@pytest.fixture
def other_visitor(app):
    """Another visitor, with a different browser."""
    return Visitor(app.test_client())


def token(visitor, path="/p/lamps-1"):
    return form_values(visitor.get(path).page, "/cart/items")["csrf_token"]


def add(visitor, **form):
    return visitor.post("/cart/items", product_id="lamps-1", quantity="1", **form)


def is_rejected(response):
    return response.status_code == 400 and "This form has expired." in response.text


def test_every_form_needs_a_token(app, buyer):
    buyer.get("/p/lamps-1")
    routes = [rule.rule for rule in app.url_map.iter_rules() if rule.methods and "POST" in rule.methods]
    assert len(routes) == 8
    assert all(
        is_rejected(buyer.post(route.replace("<product_id>", "x").replace("<order_id>", "x")))
        for route in routes
    )


def test_a_token_can_be_used_more_than_once(buyer, state):
    own = token(buyer)
    add(buyer, csrf_token=own)
    add(buyer, csrf_token=own)
    assert state.carts["ada@example.com"] == {"lamps-1": 2}


@pytest.mark.parametrize("invalid", ["", "x", "a.b.c", "ä" * 40, "x" * 5000])
def test_an_invalid_token_is_rejected(buyer, invalid):
    buyer.get("/p/lamps-1")
    assert is_rejected(add(buyer, csrf_token=invalid))


def test_the_token_of_another_visitor_is_rejected(buyer, other_visitor):
    own = token(buyer)
    other_visitor.sign_in_as("ada@example.com").get("/p/lamps-1")
    assert is_rejected(add(other_visitor, csrf_token=own))


def test_a_token_without_the_cookie_is_rejected(buyer):
    own = token(buyer)
    buyer.client.delete_cookie("shop")
    assert is_rejected(add(buyer, csrf_token=own))


def test_the_token_of_another_account_is_rejected_even_in_the_same_browser(buyer):
    own = token(buyer)
    assert is_rejected(add(buyer.sign_in_as("eve@example.com"), csrf_token=own))


def test_a_token_from_before_signing_in_is_rejected(visitor):
    own = token(visitor)
    visitor.sign_in_as("ada@example.com").get("/p/lamps-1")
    assert is_rejected(add(visitor, csrf_token=own))


def test_a_token_expires_after_a_day(buyer, monkeypatch):
    with monkeypatch.context() as yesterday:
        yesterday.setattr(TimestampSigner, "get_timestamp", lambda _: int(time.time()) - 25 * 60 * 60)
        old = token(buyer)
    assert is_rejected(add(buyer, csrf_token=old))


def test_a_tampered_cookie_is_ignored(buyer):
    own = token(buyer)
    cookie = buyer.client.get_cookie("shop")
    buyer.client.set_cookie("shop", cookie.value[:-2] + "xx")
    assert is_rejected(add(buyer, csrf_token=own))


def test_a_form_sent_by_https_does_not_need_a_referer(buyer, state):
    buyer.client.environ_base["HTTP_X_FORWARDED_PROTO"] = "https"
    add(buyer, csrf_token=token(buyer))
    assert state.carts["ada@example.com"] == {"lamps-1": 1}
