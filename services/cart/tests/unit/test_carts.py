import pytest

from cart.domain.carts import Cart, CartFull, Line, QuantityInvalid
from nightmarket.limits import MAX_LINES, OrderIdInvalid

CART = Cart((Line("lamp", 2), Line("tea", 1)))


def test_units_are_added_to_those_in_the_cart():
    assert CART.add("lamp", 3).lines == (Line("lamp", 5), Line("tea", 1))


def test_a_new_product_comes_last():
    assert CART.add("bowl", 1).lines[-1] == Line("bowl", 1)


def test_a_quantity_is_set_in_its_place():
    assert CART.set("lamp", 7).lines == (Line("lamp", 7), Line("tea", 1))


def test_a_quantity_of_zero_removes_the_product():
    assert CART.set("lamp", 0) == CART.remove("lamp") == Cart((Line("tea", 1),))


def test_removing_an_absent_product_changes_nothing():
    assert CART.remove("moon") == CART.set("moon", 0) == CART


@pytest.mark.parametrize("quantity", [0, -1, -(2**31), 100, 2**31 - 1])
def test_a_quantity_out_of_range_cannot_be_added(quantity):
    with pytest.raises(QuantityInvalid):
        CART.add("lamp", quantity)


@pytest.mark.parametrize("quantity", [-1, 100])
def test_a_quantity_out_of_range_cannot_be_set(quantity):
    with pytest.raises(QuantityInvalid):
        CART.set("lamp", quantity)


def test_a_cart_holds_at_most_ninety_nine_units_of_a_product():
    full = CART.add("lamp", 97)
    assert full.lines[0].quantity == 99
    with pytest.raises(CartFull):
        full.add("lamp", 1)


def test_a_cart_holds_at_most_fifty_products():
    full = Cart(tuple(Line(f"product-{number}", 1) for number in range(MAX_LINES)))
    assert full.add("product-0", 1).lines[0].quantity == 2
    with pytest.raises(CartFull):
        full.add("one-more", 1)
    with pytest.raises(CartFull):
        full.set("one-more", 1)


def test_what_was_bought_is_removed_and_later_units_stay():
    after = CART.add("lamp", 1).add("bowl", 1).remove_bought("order-1", CART.lines)
    assert after.lines == (Line("lamp", 1), Line("bowl", 1))


def test_a_product_that_was_removed_and_added_again_stays():
    bought = Cart().add("lamp", 2)
    again = bought.remove("lamp").add("lamp", 2)
    assert again.remove_bought("order-1", bought.lines).lines == (Line("lamp", 2),)


def test_a_line_whose_quantity_changed_is_still_the_same_line():
    bought = Cart().add("lamp", 2)
    assert bought.set("lamp", 5).remove_bought("order-1", bought.lines).lines == (Line("lamp", 3),)


def test_an_order_is_removed_once():
    once = Cart((Line("lamp", 4),)).remove_bought("order-1", [Line("lamp", 2)])
    assert once.remove_bought("order-1", [Line("lamp", 2)]) is once


def test_removing_a_bought_product_that_is_gone_is_no_error():
    assert CART.remove("lamp").remove_bought("order-1", CART.lines).lines == ()


def test_the_latest_twenty_orders_are_remembered():
    cart = Cart((Line("lamp", 99),))
    for number in range(30):
        cart = cart.remove_bought(f"order-{number}", [Line("lamp", 1)])
    assert cart.bought == tuple(f"order-{number}" for number in range(10, 30))
    assert cart.remove_bought("order-29", [Line("lamp", 1)]) == cart


@pytest.mark.parametrize("order_id", ["", "x" * 65, "a\0b"])
def test_an_invalid_order_id_is_rejected(order_id):
    with pytest.raises(OrderIdInvalid):
        CART.remove_bought(order_id, [])


@pytest.mark.parametrize("quantity", [-1, 0, 100])
def test_an_order_with_an_invalid_quantity_is_rejected(quantity):
    with pytest.raises(QuantityInvalid):
        CART.remove_bought("order-1", [Line("lamp", quantity)])
