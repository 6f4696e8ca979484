import pytest

from cart.domain.baskets import Basket, Line
from cart.domain.prices import Product, ProductNotFound, checked_product_id, priced, subtotal_cents

LAMP = Product("lamp", "Lamp", 1999, "/lamp.svg")
TEA = Product("tea", "Tea", 450, "/tea.svg")
BASKET = Basket((Line("tea", 3), Line("lamp", 2)))


def test_a_basket_costs_its_pieces_at_todays_prices():
    items = priced(BASKET, {"lamp": LAMP, "tea": TEA})
    assert [(item.product, item.total_cents) for item in items] == [(TEA, 1350), (LAMP, 3998)]
    assert subtotal_cents(items) == 5348


def test_a_product_that_is_no_longer_sold_is_left_out_and_costs_nothing():
    items = priced(BASKET, {"tea": TEA})
    assert [item.product for item in items] == [TEA]
    assert subtotal_cents(items) == 1350


@pytest.mark.parametrize("product_id", ["x" * 65, "a\0b", "a\nb"])
def test_an_id_that_no_product_has_is_not_found(product_id):
    with pytest.raises(ProductNotFound):
        checked_product_id(product_id)
