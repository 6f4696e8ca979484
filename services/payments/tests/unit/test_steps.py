from datetime import UTC, datetime

import pytest

from payments.domain.payments import CardDeclined, Payment, PaymentNotAuthorized, PaymentVoided, State
from payments.domain.steps import (
    BankContradictsItself,
    Goal,
    Outcome,
    Step,
    check_follows,
    next_step,
)


def payment(state):
    reason = "CARD_DECLINED" if state is State.DECLINED else ""
    return Payment("order-1", state, 1999, "tok_visa", "auth_1", reason, datetime.now(UTC))


@pytest.mark.parametrize(
    ("state", "goal", "step"),
    [
        (State.PENDING, Goal.AUTHORIZE, Step.AUTHORIZE),
        (State.AUTHORIZED, Goal.AUTHORIZE, None),
        (State.CAPTURED, Goal.AUTHORIZE, None),
        (State.AUTHORIZED, Goal.CAPTURE, Step.CAPTURE),
        (State.CAPTURED, Goal.CAPTURE, None),
        (State.AUTHORIZED, Goal.CANCEL, Step.VOID),
        (State.CAPTURED, Goal.CANCEL, Step.REFUND),
        (State.DECLINED, Goal.CANCEL, None),
        (State.VOIDED, Goal.CANCEL, None),
        (State.REFUNDED, Goal.CANCEL, None),
    ],
)
def test_each_state_has_its_next_step(state, goal, step):
    assert next_step(payment(state), goal) is step


def test_a_payment_of_unknown_outcome_is_asked_for_again_before_it_is_cancelled():
    assert next_step(payment(State.PENDING), Goal.CANCEL) is Step.AUTHORIZE


@pytest.mark.parametrize("state", [State.VOIDED, State.REFUNDED])
def test_a_cancelled_order_can_not_be_paid(state):
    with pytest.raises(PaymentVoided):
        next_step(payment(state), Goal.AUTHORIZE)


def test_a_declined_card_stays_declined():
    with pytest.raises(CardDeclined):
        next_step(payment(State.DECLINED), Goal.AUTHORIZE)


@pytest.mark.parametrize("state", [State.PENDING, State.DECLINED, State.VOIDED, State.REFUNDED])
def test_money_that_is_not_held_can_not_be_taken(state):
    with pytest.raises(PaymentNotAuthorized):
        next_step(payment(state), Goal.CAPTURE)


@pytest.mark.parametrize(
    ("state", "impossible"),
    [
        (State.AUTHORIZED, State.DECLINED),
        (State.AUTHORIZED, State.AUTHORIZED),
        (State.CAPTURED, State.VOIDED),
        (State.VOIDED, State.CAPTURED),
        (State.REFUNDED, State.CAPTURED),
    ],
)
def test_an_outcome_that_can_not_follow_is_not_believed(state, impossible):
    with pytest.raises(BankContradictsItself):
        check_follows(payment(state), Outcome(impossible, "auth_1"))


def test_a_step_always_has_the_same_key():
    assert Step.CAPTURE.key("order-1") == "order-1:capture"
