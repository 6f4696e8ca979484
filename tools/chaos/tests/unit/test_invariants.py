"""The responses that a buyer observed must agree with the final order."""

import pytest

from tools.chaos.invariants import (
    REJECTED,
    Observation,
    Order,
    Purchase,
    check_purchase,
    check_purchases,
    count_outcomes,
)

SOLD = Observation("1", "CONFIRMED")
PENDING = Observation("1", "PENDING")
DECLINED = Observation("1", reason="CARD_DECLINED")
CART_EMPTY = Observation("", reason="CART_EMPTY")
REJECTED_BY_PAGE = Observation("", reason=REJECTED)

CONFIRMED, SHIPPED = Order("1", "CONFIRMED", ""), Order("1", "SHIPPED", "")
CANCELED_BY_BUYER = Order("1", "CANCELLED", "CANCELLED_BY_BUYER")
CANCELED = Order("1", "CANCELLED", "CARD_DECLINED")


def problems(order, *observed, **more):
    return list(check_purchase(Purchase("account", "key", "tok_visa", {}, list(observed), **more), order))


@pytest.mark.parametrize(
    ("order", "observed"),
    [
        (CONFIRMED, [SOLD]),
        (SHIPPED, [SOLD]),
        (SHIPPED, [PENDING, SOLD, Observation("1", "SHIPPED")]),
        (CANCELED, [PENDING]),
        (CANCELED, [PENDING, DECLINED, DECLINED]),
        (CANCELED, [REJECTED_BY_PAGE]),
        (None, [REJECTED_BY_PAGE]),
        (None, [CART_EMPTY]),
        (None, []),
        (CONFIRMED, []),
    ],
)
def test_responses_that_agree_with_the_order_are_no_problem(order, observed):
    assert problems(order, *observed) == []


@pytest.mark.parametrize(
    ("order", "observation"),
    [
        (None, SOLD),
        (CANCELED, SOLD),
        (CANCELED_BY_BUYER, SOLD),
        (Order("1", "PENDING", ""), SOLD),
        (Order("2", "CONFIRMED", ""), SOLD),
        (None, PENDING),
        (CONFIRMED, DECLINED),
        (None, DECLINED),
        (Order("1", "CANCELLED", "SOLD_OUT"), DECLINED),
        (CONFIRMED, CART_EMPTY),
        (CONFIRMED, REJECTED_BY_PAGE),
        (CANCELED, Observation("1", "CANCELLED")),
    ],
)
def test_a_response_that_disagrees_with_the_order_is_a_problem(order, observation):
    assert problems(order, observation) == [f"response {observation}, final order {order}"]


def test_a_buyer_may_cancel_a_confirmed_order():
    assert problems(CANCELED_BY_BUYER, SOLD, Observation("1", "CANCELLED"), cancel_requested=True) == []


def test_two_orders_for_one_key_are_a_problem():
    found = problems(CONFIRMED, SOLD, Observation("2", "CONFIRMED"))
    assert "several orders for one key: 1, 2" in found


def test_contradicting_responses_to_equal_requests_are_a_problem():
    assert "contradicting responses: CARD_DECLINED, sold" in problems(CANCELED, DECLINED, SOLD)


def test_an_accepted_cancellation_must_have_happened():
    accepted = Observation("1", "CANCELLED")
    (problem,) = problems(SHIPPED, cancel_requested=True, cancel_observed=[accepted])
    assert problem == "response to the cancellation CANCELLED 1, final order SHIPPED 1"


def test_a_rejected_cancellation_must_not_have_happened():
    rejected = Observation("1", reason="ORDER_SHIPPED")
    assert problems(SHIPPED, cancel_requested=True, cancel_observed=[rejected]) == []
    (problem,) = problems(CANCELED_BY_BUYER, cancel_requested=True, cancel_observed=[rejected])
    assert problem.startswith("response to the cancellation ORDER_SHIPPED 1")


def test_the_order_must_contain_everything_from_the_cart():
    observation = Observation("1", "CONFIRMED", lines={"bowl": 1, "kite": 5})
    purchase = Purchase("account", "key", "tok_visa", {"bowl": 2, "kite": 5, "lamp": 1}, [observation])
    assert list(check_purchase(purchase, CONFIRMED)) == ["in the cart, but not in order 1: bowl, lamp"]


def test_an_order_belongs_to_a_purchase_by_account_and_key():
    kept, lost = (Purchase(name, "key", "tok_visa", {}, [SOLD]) for name in ("ada", "bob"))
    (violation,) = check_purchases([kept, lost], {("ada", "key"): CONFIRMED, ("bob", "other"): CONFIRMED})
    assert str(violation) == (
        "purchase and order disagree: purchase key with tok_visa: response CONFIRMED 1, final order None"
    )


def test_purchases_are_counted_by_outcome():
    orders = {("a", "1"): SHIPPED, ("a", "2"): CANCELED}
    purchases = [Purchase("a", key, "tok_visa", {}) for key in "1234"]
    purchases[2].observed.append(CART_EMPTY)
    assert count_outcomes(purchases, orders) == {
        "shipped": 1, "canceled: CARD_DECLINED": 1, "no order: CART_EMPTY": 1, "no order: no clear response": 1,
    }  # fmt: skip
