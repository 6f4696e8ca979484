from uuid import uuid4

import pytest

from chassis import money
from chassis.errors import FailedPrecondition, Invalid, NotFound, Unauthenticated

BOWL, CAT = "kintsugi-bowl", "lucky-cat"


def error_of(error, call, *args, **kwargs):
    with pytest.raises(error) as error:
        call(*args, **kwargs)
    return error.value


def quantities(cart):
    return {item.product_id: item.quantity for item in cart.items}


def test_a_new_account_has_an_empty_cart(buyer):
    cart = buyer.get()
    assert not cart.items
    assert money.from_wire(cart.subtotal) == 0


def test_the_cart_has_names_pictures_and_todays_prices(buyer):
    buyer.add(BOWL, 2)
    item = buyer.get().items[0]
    assert item.name
    assert item.image_url == f"/api/v1/products/{BOWL}/image"
    assert money.from_wire(item.total) == 2 * money.from_wire(item.unit_price) > 0


def test_the_subtotal_is_the_sum_of_the_items(buyer):
    buyer.add(BOWL, 2)
    cart = buyer.add(CAT, 3)
    assert money.from_wire(cart.subtotal) == sum(money.from_wire(item.total) for item in cart.items)


def test_every_edit_returns_the_cart(buyer):
    assert quantities(buyer.add(BOWL, 2)) == {BOWL: 2}
    assert quantities(buyer.add(CAT, 1)) == {BOWL: 2, CAT: 1}
    assert quantities(buyer.add(BOWL, 1)) == {BOWL: 3, CAT: 1}
    assert quantities(buyer.set(BOWL, 9)) == {BOWL: 9, CAT: 1}
    assert quantities(buyer.set(BOWL, 0)) == {CAT: 1}
    assert quantities(buyer.remove(CAT)) == quantities(buyer.get()) == {}


def test_removing_a_product_that_is_not_in_the_cart_is_no_error(buyer):
    buyer.add(CAT)
    assert quantities(buyer.remove("no-such")) == quantities(buyer.set("no-such", 0)) == {CAT: 1}


def test_the_cart_of_another_account_is_not_visible(buyer, cart, another):
    buyer.add(BOWL)
    assert not another(cart, str(uuid4())).get().items


@pytest.mark.parametrize("account_id", ["a b.*", "..", "x" * 100])
def test_an_account_with_an_unusual_id_has_a_cart(cart, another, account_id):
    client = another(cart, account_id)
    client.set(BOWL, 4)
    assert client.contents() == {BOWL: 4}


def test_every_call_without_an_account_is_rejected(cart, another):
    guest = another(cart)
    calls = [guest.get, lambda: guest.add(BOWL), lambda: guest.set(BOWL, 1),
             lambda: guest.remove(BOWL), guest.contents, lambda: guest.remove_bought("order-1")]  # fmt: skip
    assert {error_of(Unauthenticated, call).reason for call in calls} == {"SIGN_IN_REQUIRED"}


@pytest.mark.parametrize("product_id", ["no-such", "", "a\0b", f"{BOWL}\0", "x" * 100_000])
def test_an_unknown_product_cannot_be_added(buyer, product_id):
    assert error_of(NotFound, buyer.add, product_id).reason == "PRODUCT_NOT_FOUND"
    assert error_of(NotFound, buyer.set, product_id, 1).reason == "PRODUCT_NOT_FOUND"
    assert buyer.contents() == {}


@pytest.mark.parametrize("quantity", [0, -1, -(2**31), 100, 2**31 - 1])
def test_a_quantity_out_of_range_cannot_be_added(buyer, quantity):
    assert error_of(Invalid, buyer.add, BOWL, quantity).reason == "QUANTITY_INVALID"


@pytest.mark.parametrize("quantity", [-1, 100])
def test_a_quantity_out_of_range_cannot_be_set(buyer, quantity):
    assert error_of(Invalid, buyer.set, BOWL, quantity).reason == "QUANTITY_INVALID"


def test_a_cart_holds_at_most_ninety_nine_units_of_a_product(buyer):
    buyer.add(BOWL, 99)
    assert error_of(FailedPrecondition, buyer.add, BOWL, 1).reason == "CART_FULL"
    assert buyer.contents() == {BOWL: 99}


def test_what_an_order_bought_is_removed_once_and_the_rest_stays(buyer):
    buyer.add(BOWL, 2)
    buyer.add(CAT, 1)
    for _ in range(2):
        buyer.remove_bought("order-1", **{BOWL: 1, CAT: 1})
    assert buyer.contents() == {BOWL: 1}


@pytest.mark.parametrize("order_id", ["", "a\0b", "x" * 100_000])
def test_an_invalid_order_id_is_rejected(buyer, order_id):
    assert error_of(Invalid, buyer.remove_bought, order_id, **{BOWL: 1}).reason == "ORDER_ID_INVALID"


def test_an_order_with_an_invalid_quantity_is_rejected(buyer):
    assert error_of(Invalid, buyer.remove_bought, "order-1", **{BOWL: -1}).reason == "QUANTITY_INVALID"
