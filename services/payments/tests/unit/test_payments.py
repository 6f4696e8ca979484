from datetime import UTC, datetime

import pytest

from payments.domain.payments import (
    AmountInvalid,
    CardDeclined,
    InsufficientFunds,
    OrderIdInvalid,
    Payment,
    PaymentDiffers,
    PaymentTokenInvalid,
    State,
    Wanted,
    decline,
)

WANTED = Wanted("order-1", 1999, "tok_visa")
PAYMENT = Payment("order-1", State.PENDING, 1999, "tok_visa", "", "", datetime.now(UTC))


@pytest.mark.parametrize("cents", [0, -1, 100_000_000, 2**70])
def test_an_amount_is_more_than_nothing_and_no_fortune(cents):
    with pytest.raises(AmountInvalid):
        Wanted("order-1", cents, "tok_visa")


@pytest.mark.parametrize("order_id", ["", "a b", "a\0", "x" * 65, "é", "a\n"])
def test_an_orders_id_is_one_short_word(order_id):
    with pytest.raises(OrderIdInvalid):
        Wanted(order_id, 1, "tok_visa")


@pytest.mark.parametrize("token", ["", "4242 4242", "\0", "x" * 65])
def test_a_token_is_one_short_word(token):
    with pytest.raises(PaymentTokenInvalid):
        Wanted("order-1", 1, token)


def test_the_same_payment_may_be_asked_for_again():
    PAYMENT.check_same(WANTED)


@pytest.mark.parametrize("other", [Wanted("order-1", 2000, "tok_visa"), Wanted("order-1", 1999, "tok_slow")])
def test_another_payment_of_the_same_order_is_refused(other):
    with pytest.raises(PaymentDiffers):
        PAYMENT.check_same(other)


@pytest.mark.parametrize(
    ("reason", "error"),
    [
        ("CARD_DECLINED", CardDeclined),
        ("INSUFFICIENT_FUNDS", InsufficientFunds),
        ("PAYMENT_TOKEN_INVALID", PaymentTokenInvalid),
        ("STOLEN", CardDeclined),
    ],
)
def test_a_decline_is_told_by_its_reason(reason, error):
    assert type(decline(reason)) is error
