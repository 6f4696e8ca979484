import pytest

from cart.domain.baskets import MOST_PRODUCTS, Basket, CartFull, Line, OrderIdInvalid, QuantityInvalid

BASKET = Basket((Line("lamp", 2), Line("tea", 1)))


def test_pieces_are_added_to_those_that_are_there():
    assert BASKET.add("lamp", 3).lines == (Line("lamp", 5), Line("tea", 1))


def test_a_new_product_comes_last():
    assert BASKET.add("bowl", 1).lines[-1] == Line("bowl", 1)


def test_a_quantity_is_set_in_its_place():
    assert BASKET.set("lamp", 7).lines == (Line("lamp", 7), Line("tea", 1))


def test_a_product_that_is_set_to_nothing_is_taken_out():
    assert BASKET.set("lamp", 0) == BASKET.remove("lamp") == Basket((Line("tea", 1),))


def test_taking_out_what_is_not_there_changes_nothing():
    assert BASKET.remove("moon") == BASKET.set("moon", 0) == BASKET


@pytest.mark.parametrize("quantity", [0, -1, -(2**31), 100, 2**31 - 1])
def test_no_number_of_pieces_cannot_be_added(quantity):
    with pytest.raises(QuantityInvalid):
        BASKET.add("lamp", quantity)


@pytest.mark.parametrize("quantity", [-1, 100])
def test_no_number_of_pieces_cannot_be_set(quantity):
    with pytest.raises(QuantityInvalid):
        BASKET.set("lamp", quantity)


def test_a_basket_holds_ninety_nine_pieces_of_a_product_and_no_more():
    full = BASKET.add("lamp", 97)
    assert full.lines[0].quantity == 99
    with pytest.raises(CartFull):
        full.add("lamp", 1)


def test_a_basket_holds_fifty_products_and_no_more():
    full = Basket(tuple(Line(f"product-{number}", 1) for number in range(MOST_PRODUCTS)))
    assert full.add("product-0", 1).lines[0].quantity == 2
    with pytest.raises(CartFull):
        full.add("one-more", 1)
    with pytest.raises(CartFull):
        full.set("one-more", 1)


def test_what_was_bought_is_taken_out_and_what_was_added_meanwhile_stays():
    after = BASKET.add("lamp", 1).add("bowl", 1).remove_bought("order-1", BASKET.lines)
    assert after.lines == (Line("lamp", 1), Line("bowl", 1))


def test_a_product_that_was_taken_out_and_put_in_again_meanwhile_stays():
    bought = Basket().add("lamp", 2)
    again = bought.remove("lamp").add("lamp", 2)
    assert again.remove_bought("order-1", bought.lines).lines == (Line("lamp", 2),)


def test_a_product_is_the_same_however_its_pieces_were_changed():
    bought = Basket().add("lamp", 2)
    assert bought.set("lamp", 5).remove_bought("order-1", bought.lines).lines == (Line("lamp", 3),)


def test_an_order_takes_out_once_what_it_bought():
    once = Basket((Line("lamp", 4),)).remove_bought("order-1", [Line("lamp", 2)])
    assert once.remove_bought("order-1", [Line("lamp", 2)]) is once


def test_what_was_taken_out_meanwhile_is_no_error():
    assert BASKET.remove("lamp").remove_bought("order-1", BASKET.lines).lines == ()


def test_the_latest_orders_are_remembered_and_no_more():
    basket = Basket((Line("lamp", 99),))
    for number in range(30):
        basket = basket.remove_bought(f"order-{number}", [Line("lamp", 1)])
    assert basket.bought == tuple(f"order-{number}" for number in range(10, 30))
    assert basket.remove_bought("order-29", [Line("lamp", 1)]) == basket


@pytest.mark.parametrize("order_id", ["", "x" * 65, "a\0b"])
def test_an_id_that_no_order_has_is_refused(order_id):
    with pytest.raises(OrderIdInvalid):
        BASKET.remove_bought(order_id, [])


@pytest.mark.parametrize("quantity", [-1, 0, 100])
def test_an_order_cannot_have_bought_no_number_of_pieces(quantity):
    with pytest.raises(QuantityInvalid):
        BASKET.remove_bought("order-1", [Line("lamp", quantity)])
