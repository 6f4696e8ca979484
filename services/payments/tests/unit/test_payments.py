from datetime import UTC, datetime

import pytest

from nightmarket.limits import OrderIdInvalid
from payments.domain.payments import (
    AmountInvalid,
    CardDeclined,
    InsufficientFunds,
    Payment,
    PaymentDiffers,
    PaymentRequest,
    PaymentTokenInvalid,
    State,
    decline,
)

REQUEST = PaymentRequest("order-1", 1999, "tok_visa")
PAYMENT = Payment("order-1", State.PENDING, 1999, "tok_visa", "", "", datetime.now(UTC))


@pytest.mark.parametrize("cents", [0, -1, 100_000_000, 2**70])
def test_an_amount_out_of_range_is_invalid(cents):
    with pytest.raises(AmountInvalid):
        PaymentRequest("order-1", cents, "tok_visa")


@pytest.mark.parametrize("order_id", ["", "a b", "a\0", "x" * 65, "é", "a\n"])
def test_an_order_id_of_another_format_is_invalid(order_id):
    with pytest.raises(OrderIdInvalid):
        PaymentRequest(order_id, 1, "tok_visa")


@pytest.mark.parametrize("token", ["", "4242 4242", "\0", "x" * 65])
def test_a_token_of_another_format_is_invalid(token):
    with pytest.raises(PaymentTokenInvalid):
        PaymentRequest("order-1", 1, token)


def test_the_same_payment_can_be_requested_again():
    PAYMENT.check_matches(REQUEST)


@pytest.mark.parametrize(
    "other", [PaymentRequest("order-1", 2000, "tok_visa"), PaymentRequest("order-1", 1999, "tok_slow")]
)
def test_a_different_payment_of_the_same_order_is_rejected(other):
    with pytest.raises(PaymentDiffers):
        PAYMENT.check_matches(other)


@pytest.mark.parametrize(
    ("reason", "error"),
    [
        ("CARD_DECLINED", CardDeclined),
        ("INSUFFICIENT_FUNDS", InsufficientFunds),
        ("PAYMENT_TOKEN_INVALID", PaymentTokenInvalid),
        ("STOLEN", CardDeclined),
    ],
)
def test_each_decline_reason_has_its_exception(reason, error):
    assert type(decline(reason)) is error
