from datetime import date, timedelta

from storefront.domain.goods import Product
from storefront.domain.shop_window import picks, samples

PRODUCTS = [
    Product(product_id, product_id, "", stall, 100, "")
    for product_id, stall in [
        ("moon", "lamps"),
        ("star", "lamps"),
        ("green", "teas"),
        ("black", "teas"),
        ("robot", "toys"),
    ]
]
TODAY = date(2026, 5, 1)


def ids(products):
    return [product.id for product in products]


def test_one_product_of_each_stall_is_picked():
    assert [product.category for product in picks(PRODUCTS, TODAY)] == ["lamps", "teas", "toys"]


def test_the_same_products_are_picked_all_day():
    assert picks(PRODUCTS, TODAY) == picks(PRODUCTS, TODAY)


def test_tomorrow_the_next_ones_are_picked():
    tomorrow = picks(PRODUCTS, TODAY + timedelta(days=1))
    assert ids(tomorrow)[:2] != ids(picks(PRODUCTS, TODAY))[:2]
    assert picks(PRODUCTS, TODAY + timedelta(days=2)) == picks(PRODUCTS, TODAY)


def test_without_products_nothing_is_picked():
    assert picks([], TODAY) == []


def test_a_stall_is_shown_by_another_product_than_the_picked_one_where_it_has_another():
    shown = samples(PRODUCTS, [PRODUCTS[0], PRODUCTS[3], PRODUCTS[4]])
    assert {stall: product.id for stall, product in shown.items()} == {
        "lamps": "star",
        "teas": "green",
        "toys": "robot",
    }
