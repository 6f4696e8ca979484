from collections import Counter
from datetime import UTC, datetime

import pytest

from bank.domain.authorizations import (
    HOLD,
    MOVES,
    Account,
    AmountInvalid,
    Authorization,
    AuthorizationNotCaptured,
    AuthorizationNotOpen,
    CardDeclined,
    Charge,
    CurrencyInvalid,
    InsufficientFunds,
    Operation,
    ReferenceInvalid,
    State,
    check_allowed,
    check_not_declined,
)

CHARGE = Charge(1999, "USD", "tok_visa", "order-1")


def authorization(state, decline_reason=""):
    return Authorization("auth_1", state, CHARGE, datetime.now(UTC), decline_reason)


@pytest.mark.parametrize("cents", [0, -1, 100_000_000])
def test_an_amount_out_of_range_is_rejected(cents):
    with pytest.raises(AmountInvalid):
        Charge(cents, "USD", "tok_visa", "order-1")


def test_another_currency_is_rejected():
    with pytest.raises(CurrencyInvalid):
        Charge(1, "usd", "tok_visa", "order-1")


@pytest.mark.parametrize("reference", ["", "two words", "x" * 129, "a\n"])
def test_an_invalid_reference_is_rejected(reference):
    with pytest.raises(ReferenceInvalid):
        Charge(1, "USD", "tok_visa", reference)


ALLOWED = {
    (Operation.CAPTURE, State.AUTHORIZED),
    (Operation.VOID, State.AUTHORIZED),
    (Operation.REFUND, State.CAPTURED),
}


@pytest.mark.parametrize(("operation", "state"), sorted(ALLOWED))
def test_held_money_can_be_captured_or_voided_and_captured_money_refunded(operation, state):
    check_allowed(authorization(state), MOVES[operation])


@pytest.mark.parametrize(
    ("operation", "state"),
    sorted({(operation, state) for operation in MOVES for state in State} - ALLOWED),
)
def test_any_other_operation_is_rejected_with_the_state(operation, state):
    with pytest.raises((AuthorizationNotOpen, AuthorizationNotCaptured)) as error:
        check_allowed(authorization(state), MOVES[operation])
    assert error.value.metadata == {"authorizationId": "auth_1", "state": state}


@pytest.mark.parametrize("end", [Operation.VOID, Operation.REFUND])
def test_a_void_or_refund_restores_every_balance(end):
    postings = [HOLD] + ([MOVES[Operation.CAPTURE].posting] if end is Operation.REFUND else [])
    balances: Counter[Account] = Counter()
    for posting in [*postings, MOVES[end].posting]:
        balances[posting.debit] -= 1
        balances[posting.credit] += 1
    assert set(balances.values()) == {0}


@pytest.mark.parametrize(
    ("decline_reason", "error"), [("CARD_DECLINED", CardDeclined), ("INSUFFICIENT_FUNDS", InsufficientFunds)]
)
def test_a_declined_authorization_raises_its_reason(decline_reason, error):
    with pytest.raises(error):
        check_not_declined(authorization(State.DECLINED, decline_reason))
