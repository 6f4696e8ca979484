import pytest

from storefront.domain.cart import Cart, CartItem, QuantityInvalid, parse_quantity

CART = Cart(
    (CartItem("lamp", "Lamp", 2, 100, 200, "/lamp"), CartItem("tea", "Tea", 3, 50, 150, "/tea")),
    subtotal_cents=350,
)


def test_the_quantity_of_a_cart_is_the_sum_of_its_items():
    assert CART.quantity == 5


def test_a_cart_returns_the_names_of_its_own_products_only():
    assert CART.names_of({"tea", "something else"}) == ["Tea"]


@pytest.mark.parametrize(("typed", "quantity"), [("1", 1), (" 7 ", 7), ("99", 99), ("007", 7)])
def test_a_whole_number_is_a_quantity(typed, quantity):
    assert parse_quantity(typed) == quantity


@pytest.mark.parametrize("typed", ["", "0", "-1", "+1", "100", "1.0", "1e1", "one", "٣", "1" * 5000, "1\0"])
def test_other_text_is_not_a_quantity(typed):
    with pytest.raises(QuantityInvalid):
        parse_quantity(typed)


def test_zero_is_a_quantity_if_the_minimum_is_zero():
    assert parse_quantity("0", minimum=0) == 0
