from uuid import uuid4

import pytest

from chassis import money
from chassis.errors import FailedPrecondition, Invalid, NotFound, Unauthenticated

BOWL, CAT = "kintsugi-bowl", "lucky-cat"


def refusal_of(error, call, *args, **kwargs):
    with pytest.raises(error) as refused:
        call(*args, **kwargs)
    return refused.value


def pieces(cart):
    return {item.product_id: item.quantity for item in cart.items}


def test_a_new_account_has_an_empty_basket(buyer):
    cart = buyer.sees()
    assert not cart.items
    assert money.from_wire(cart.subtotal) == 0


def test_the_basket_shows_names_pictures_and_todays_prices(buyer):
    buyer.adds(BOWL, 2)
    item = buyer.sees().items[0]
    assert item.name
    assert item.image_url == f"/api/v1/products/{BOWL}/image"
    assert money.from_wire(item.total) == 2 * money.from_wire(item.unit_price) > 0


def test_the_subtotal_is_the_sum_of_the_items(buyer):
    buyer.adds(BOWL, 2)
    cart = buyer.adds(CAT, 3)
    assert money.from_wire(cart.subtotal) == sum(money.from_wire(item.total) for item in cart.items)


def test_every_edit_answers_with_the_basket_as_it_is_then(buyer):
    assert pieces(buyer.adds(BOWL, 2)) == {BOWL: 2}
    assert pieces(buyer.adds(CAT, 1)) == {BOWL: 2, CAT: 1}
    assert pieces(buyer.adds(BOWL, 1)) == {BOWL: 3, CAT: 1}
    assert pieces(buyer.sets(BOWL, 9)) == {BOWL: 9, CAT: 1}
    assert pieces(buyer.sets(BOWL, 0)) == {CAT: 1}
    assert pieces(buyer.removes(CAT)) == pieces(buyer.sees()) == {}


def test_taking_out_what_is_not_in_the_basket_is_no_error(buyer):
    buyer.adds(CAT)
    assert pieces(buyer.removes("no-such")) == pieces(buyer.sets("no-such", 0)) == {CAT: 1}


def test_nobody_sees_the_basket_of_another(buyer, cart, another):
    buyer.adds(BOWL)
    assert not another(cart, str(uuid4())).sees().items


@pytest.mark.parametrize("account_id", ["a b.*", "..", "x" * 100])
def test_an_account_with_an_odd_id_has_a_basket_too(cart, another, account_id):
    odd = another(cart, account_id)
    odd.sets(BOWL, 4)
    assert odd.contents() == {BOWL: 4}


def test_who_has_not_signed_in_is_refused_by_every_call(cart, another):
    nobody = another(cart)
    calls = [nobody.sees, lambda: nobody.adds(BOWL), lambda: nobody.sets(BOWL, 1),
             lambda: nobody.removes(BOWL), nobody.contents, lambda: nobody.has_bought("order-1")]  # fmt: skip
    assert {refusal_of(Unauthenticated, call).reason for call in calls} == {"SIGN_IN_REQUIRED"}


@pytest.mark.parametrize("product_id", ["no-such", "", "a\0b", f"{BOWL}\0", "x" * 100_000])
def test_an_unknown_product_cannot_be_put_into_the_basket(buyer, product_id):
    assert refusal_of(NotFound, buyer.adds, product_id).reason == "PRODUCT_NOT_FOUND"
    assert refusal_of(NotFound, buyer.sets, product_id, 1).reason == "PRODUCT_NOT_FOUND"
    assert buyer.contents() == {}


@pytest.mark.parametrize("quantity", [0, -1, -(2**31), 100, 2**31 - 1])
def test_no_number_of_pieces_cannot_be_added(buyer, quantity):
    assert refusal_of(Invalid, buyer.adds, BOWL, quantity).reason == "QUANTITY_INVALID"


@pytest.mark.parametrize("quantity", [-1, 100])
def test_no_number_of_pieces_cannot_be_set(buyer, quantity):
    assert refusal_of(Invalid, buyer.sets, BOWL, quantity).reason == "QUANTITY_INVALID"


def test_a_basket_holds_no_more_than_ninety_nine_pieces_of_a_product(buyer):
    buyer.adds(BOWL, 99)
    assert refusal_of(FailedPrecondition, buyer.adds, BOWL, 1).reason == "CART_FULL"
    assert buyer.contents() == {BOWL: 99}


def test_what_an_order_bought_is_taken_out_once_and_the_rest_stays(buyer):
    buyer.adds(BOWL, 2)
    buyer.adds(CAT, 1)
    for _ in range(2):
        buyer.has_bought("order-1", **{BOWL: 1, CAT: 1})
    assert buyer.contents() == {BOWL: 1}


@pytest.mark.parametrize("order_id", ["", "a\0b", "x" * 100_000])
def test_an_id_that_no_order_has_is_refused(buyer, order_id):
    assert refusal_of(Invalid, buyer.has_bought, order_id, **{BOWL: 1}).reason == "ORDER_ID_INVALID"


def test_an_order_cannot_have_bought_no_number_of_pieces(buyer):
    assert refusal_of(Invalid, buyer.has_bought, "order-1", **{BOWL: -1}).reason == "QUANTITY_INVALID"
