from uuid import uuid4

import pytest


@pytest.fixture(scope="module")
def shop(run_recommendations):
    with run_recommendations(seeded=False) as running:
        yield running


@pytest.fixture
def product():
    """Makes product ids that no other test uses: product("tea")."""
    suffix = uuid4().hex[:8]
    return lambda name: f"{name}-{suffix}"


def test_what_was_bought_together_is_recommended_both_ways_round(shop, product):
    shop.sells(product("tea"), product("cup"))
    assert shop.goes_with(product("tea")) == [(product("cup"), 1)]
    assert shop.goes_with(product("cup")) == [(product("tea"), 1)]


def test_what_was_bought_together_more_often_comes_first(shop, product):
    shop.sells(product("tea"), product("cup"))
    shop.sells(product("tea"), product("pot"))
    shop.sells(product("tea"), product("pot"))
    assert shop.goes_with(product("tea")) == [(product("pot"), 2), (product("cup"), 1)]


def test_an_event_that_comes_twice_is_learned_from_once(shop, product):
    event_id = shop.sells(product("tea"), product("cup"))
    shop.sells(product("tea"), product("cup"), event_id=event_id)
    shop.sells(product("last"))
    assert shop.goes_with(product("tea")) == [(product("cup"), 1)]


def test_an_order_without_lines_changes_nothing(shop, product):
    shop.sells(product("tea"), product("cup"))
    before = shop.goes_with(product("tea"))
    shop.sells()
    assert shop.goes_with(product("tea")) == before


def test_a_product_that_was_only_bought_alone_gets_the_bestsellers_without_itself(shop, product):
    for _ in range(50):
        shop.sells(product("hit"))
    shop.sells(product("alone"))
    found = shop.goes_with(product("alone"), page_size=20)
    assert found[0] == (product("hit"), 50)
    assert product("alone") not in dict(found)
