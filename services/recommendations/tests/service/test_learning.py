from uuid import uuid4

import pytest


@pytest.fixture(scope="module")
def client(run_recommendations):
    with run_recommendations(seeded=False) as running:
        yield running


@pytest.fixture
def product():
    """Return a function that makes product ids unique to this test: product("tea")."""
    suffix = uuid4().hex[:8]
    return lambda name: f"{name}-{suffix}"


def test_products_bought_together_are_recommended_for_each_other(client, product):
    client.sell(product("tea"), product("cup"))
    assert client.recommended(product("tea")) == [(product("cup"), 1)]
    assert client.recommended(product("cup")) == [(product("tea"), 1)]


def test_the_product_bought_together_most_often_comes_first(client, product):
    client.sell(product("tea"), product("cup"))
    client.sell(product("tea"), product("pot"))
    client.sell(product("tea"), product("pot"))
    assert client.recommended(product("tea")) == [(product("pot"), 2), (product("cup"), 1)]


def test_an_event_that_is_delivered_twice_counts_once(client, product):
    event_id = client.sell(product("tea"), product("cup"))
    client.sell(product("tea"), product("cup"), event_id=event_id)
    client.sell(product("last"))
    assert client.recommended(product("tea")) == [(product("cup"), 1)]


def test_an_order_without_lines_changes_nothing(client, product):
    client.sell(product("tea"), product("cup"))
    before = client.recommended(product("tea"))
    client.sell()
    assert client.recommended(product("tea")) == before


def test_a_product_without_pairs_gets_the_other_bestsellers(client, product):
    for _ in range(50):
        client.sell(product("hit"))
    client.sell(product("alone"))
    found = client.recommended(product("alone"), page_size=20)
    assert found[0] == (product("hit"), 50)
    assert product("alone") not in dict(found)
