import json
from pathlib import Path

import pytest

SERVICES = Path(__file__).parents[3]


def read(path):
    return json.loads((SERVICES / path).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def orders():
    return read("recommendations/seed/orders.json")


@pytest.fixture(scope="module")
def products():
    return {product["id"] for product in read("catalog/seed/products.json")}


def test_past_orders_have_products_of_the_catalog(orders, products):
    assert {product for order in orders for product in order} <= products


def test_every_product_has_been_bought_together_with_another(orders, products):
    assert {product for order in orders if len(order) > 1 for product in order} == products


def test_a_past_order_has_each_product_once(orders):
    assert [order for order in orders if len(order) != len(set(order))] == []


def test_there_are_enough_past_orders_to_learn_from(orders):
    assert len(orders) >= 60
