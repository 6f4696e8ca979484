import pytest

from cart.domain.carts import Cart, Line
from cart.domain.prices import Product, ProductNotFound, check_product_id, priced, subtotal_cents

LAMP = Product("lamp", "Lamp", 1999, "/lamp.svg")
TEA = Product("tea", "Tea", 450, "/tea.svg")
CART = Cart((Line("tea", 3), Line("lamp", 2)))


def test_a_cart_is_priced_at_todays_prices():
    items = priced(CART, {"lamp": LAMP, "tea": TEA})
    assert [(item.product, item.total_cents) for item in items] == [(TEA, 1350), (LAMP, 3998)]
    assert subtotal_cents(items) == 5348


def test_a_product_that_is_no_longer_sold_is_left_out():
    items = priced(CART, {"tea": TEA})
    assert [item.product for item in items] == [TEA]
    assert subtotal_cents(items) == 1350


@pytest.mark.parametrize("product_id", ["x" * 65, "a\0b", "a\nb"])
def test_an_invalid_product_id_is_not_found(product_id):
    with pytest.raises(ProductNotFound):
        check_product_id(product_id)
