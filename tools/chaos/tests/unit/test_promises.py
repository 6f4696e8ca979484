"""What buyers were told, and what became of it."""

import pytest

from tools.chaos.promises import REFUSED, Order, Purchase, Told, all_broken, broken

BOUGHT = Told("1", "CONFIRMED")
PENDING = Told("1", "PENDING")
DECLINED = Told("1", reason="CARD_DECLINED")
EMPTY = Told("", reason="CART_EMPTY")
REFUSED_BY_A_PAGE = Told("", reason=REFUSED)

CONFIRMED, SHIPPED = Order("1", "CONFIRMED", ""), Order("1", "SHIPPED", "")
CANCELLED_BY_BUYER = Order("1", "CANCELLED", "CANCELLED_BY_BUYER")
CANCELLED = Order("1", "CANCELLED", "CARD_DECLINED")


def troubles(order, *told, **more):
    return list(broken(Purchase("account", "key", "tok_visa", {}, list(told), **more), order))


@pytest.mark.parametrize(
    ("order", "told"),
    [
        (CONFIRMED, [BOUGHT]),
        (SHIPPED, [BOUGHT]),
        (SHIPPED, [PENDING, BOUGHT, Told("1", "SHIPPED")]),
        (CANCELLED, [PENDING]),
        (CANCELLED, [PENDING, DECLINED, DECLINED]),
        (CANCELLED, [REFUSED_BY_A_PAGE]),
        (None, [REFUSED_BY_A_PAGE]),
        (None, [EMPTY]),
        (None, []),
        (CONFIRMED, []),
    ],
)
def test_a_promise_that_was_kept_is_no_trouble(order, told):
    assert troubles(order, *told) == []


@pytest.mark.parametrize(
    ("order", "told"),
    [
        (None, BOUGHT),
        (CANCELLED, BOUGHT),
        (CANCELLED_BY_BUYER, BOUGHT),
        (Order("1", "PENDING", ""), BOUGHT),
        (Order("2", "CONFIRMED", ""), BOUGHT),
        (None, PENDING),
        (CONFIRMED, DECLINED),
        (None, DECLINED),
        (Order("1", "CANCELLED", "SOLD_OUT"), DECLINED),
        (CONFIRMED, EMPTY),
        (CONFIRMED, REFUSED_BY_A_PAGE),
        (CANCELLED, Told("1", "CANCELLED")),
    ],
)
def test_a_promise_that_was_not_kept_is_told(order, told):
    (trouble,) = troubles(order, told)
    assert trouble.startswith("said to be ")


def test_a_buyer_may_cancel_what_was_confirmed():
    assert troubles(CANCELLED_BY_BUYER, BOUGHT, Told("1", "CANCELLED"), cancel_asked=True) == []


def test_two_orders_under_one_key_are_told():
    assert "several orders under one key: 1, 2" in troubles(CONFIRMED, BOUGHT, Told("2", "CONFIRMED"))


def test_equal_requests_with_contradicting_answers_are_told():
    assert "contradicting answers: CARD_DECLINED, bought" in troubles(CANCELLED, DECLINED, BOUGHT)


def test_a_cancellation_that_was_granted_must_have_happened():
    (trouble,) = troubles(SHIPPED, cancel_asked=True, cancel_told=[Told("1", "CANCELLED")])
    assert trouble.startswith("said to be cancelled")


def test_a_cancellation_that_was_refused_must_not_have_happened():
    refused = Told("1", reason="ORDER_SHIPPED")
    assert troubles(SHIPPED, cancel_asked=True, cancel_told=[refused]) == []
    (trouble,) = troubles(CANCELLED_BY_BUYER, cancel_asked=True, cancel_told=[refused])
    assert trouble.startswith("said to be too late to cancel")


def test_what_was_put_into_the_basket_must_be_in_the_order():
    told = Told("1", "CONFIRMED", lines={"bowl": 1, "kite": 5})
    purchase = Purchase("account", "key", "tok_visa", {"bowl": 2, "kite": 5, "lamp": 1}, [told])
    assert list(broken(purchase, CONFIRMED)) == ["put into the basket, but not in order 1: bowl, lamp"]


def test_a_broken_promise_is_found_by_its_key_and_account():
    kept, lost = (Purchase(name, "key", "tok_visa", {}, [BOUGHT]) for name in ("ada", "bob"))
    (finding,) = all_broken([kept, lost], {("ada", "key"): CONFIRMED, ("bob", "other"): CONFIRMED})
    assert str(finding) == (
        "a promise that was not kept: purchase key with tok_visa: said to be CONFIRMED 1, is nowhere"
    )
