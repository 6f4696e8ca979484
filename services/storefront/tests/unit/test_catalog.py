from datetime import date, timedelta

import pytest

from nightmarket.limits import MAX_QUANTITY
from storefront.domain.catalog import Product, Stock, StockLevel, category_covers, featured

PRODUCTS = [
    Product(product_id, product_id, "", category, 100, "")
    for product_id, category in [
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


@pytest.mark.parametrize(
    ("units", "level"),
    [
        (None, StockLevel.UNKNOWN),
        (0, StockLevel.SOLD_OUT),
        (-3, StockLevel.SOLD_OUT),
        (1, StockLevel.LOW),
        (5, StockLevel.LOW),
        (6, StockLevel.IN_STOCK),
    ],
)
def test_the_level_depends_on_the_units_in_stock(units, level):
    assert Stock(units).level is level


@pytest.mark.parametrize(("units", "quantity"), [(0, 0), (3, 3), (1000, MAX_QUANTITY), (None, MAX_QUANTITY)])
def test_the_maximum_quantity_is_the_stock_up_to_the_maximum_of_a_cart(units, quantity):
    assert Stock(units).max_quantity == quantity


def test_one_product_of_each_category_is_featured():
    assert [product.category for product in featured(PRODUCTS, TODAY)] == ["lamps", "teas", "toys"]


def test_the_featured_products_change_every_day():
    today, tomorrow = featured(PRODUCTS, TODAY), featured(PRODUCTS, TODAY + timedelta(days=1))
    assert featured(PRODUCTS, TODAY) == today
    assert ids(tomorrow)[:2] != ids(today)[:2]
    assert featured(PRODUCTS, TODAY + timedelta(days=2)) == today


def test_without_products_none_is_featured():
    assert featured([], TODAY) == []


def test_a_category_cover_differs_from_the_shown_product_if_there_is_another_one():
    covers = category_covers(PRODUCTS, [PRODUCTS[0], PRODUCTS[3], PRODUCTS[4]])
    assert {category: product.id for category, product in covers.items()} == {
        "lamps": "star",
        "teas": "green",
        "toys": "robot",
    }
