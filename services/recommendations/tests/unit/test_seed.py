import json
from pathlib import Path

import pytest

SERVICES = Path(__file__).parents[3]


def read(path):
    return json.loads((SERVICES / path).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def baskets():
    return read("recommendations/seed/baskets.json")


@pytest.fixture(scope="module")
def products():
    return {product["id"] for product in read("catalog/seed/products.json")}


def test_past_baskets_hold_products_of_the_catalogue(baskets, products):
    assert {product for basket in baskets for product in basket} <= products


def test_every_product_has_been_bought_together_with_another(baskets, products):
    assert {product for basket in baskets if len(basket) > 1 for product in basket} == products


def test_a_past_basket_names_no_product_twice(baskets):
    assert [basket for basket in baskets if len(basket) != len(set(basket))] == []


def test_there_are_enough_past_baskets_to_learn_from(baskets):
    assert len(baskets) >= 60
