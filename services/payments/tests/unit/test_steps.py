from datetime import UTC, datetime

import pytest

from payments.domain.payments import CardDeclined, Payment, PaymentNotAuthorized, PaymentVoided, State
from payments.domain.steps import (
    Goal,
    Outcome,
    OutcomeImpossible,
    Step,
    check_outcome,
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
def test_the_state_determines_the_next_step(state, goal, step):
    assert next_step(payment(state), goal) is step


def test_a_payment_of_unknown_outcome_is_authorized_before_it_is_voided():
    assert next_step(payment(State.PENDING), Goal.CANCEL) is Step.AUTHORIZE


@pytest.mark.parametrize("state", [State.VOIDED, State.REFUNDED])
def test_a_canceled_order_cannot_be_paid(state):
    with pytest.raises(PaymentVoided):
        next_step(payment(state), Goal.AUTHORIZE)


def test_a_declined_card_stays_declined():
    with pytest.raises(CardDeclined):
        next_step(payment(State.DECLINED), Goal.AUTHORIZE)


@pytest.mark.parametrize("state", [State.PENDING, State.DECLINED, State.VOIDED, State.REFUNDED])
def test_money_that_is_not_held_cannot_be_captured(state):
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
def test_an_impossible_outcome_is_an_error(state, impossible):
    with pytest.raises(OutcomeImpossible):
        check_outcome(payment(state), Outcome(impossible, "auth_1"))


def test_the_key_of_a_step_is_always_the_same():
    assert Step.CAPTURE.key("order-1") == "order-1:capture"
