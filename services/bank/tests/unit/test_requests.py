from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bank.domain.authorizations import Authorization, Charge, Operation, State
from bank.domain.requests import (
    Answered,
    IdempotencyKeyInvalid,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    answer_again,
    request,
)

NOW = Authorization("auth_1", State.REFUNDED, Charge(1, "USD", "tok_visa", "r"), datetime.now(UTC))


def test_the_answer_is_the_first_one_whatever_has_happened_since():
    asked = request("key", Operation.CAPTURE, "auth_1")
    answered = Answered(asked.fingerprint, NOW, State.CAPTURED)
    assert answer_again(answered, asked) == replace(NOW, state=State.CAPTURED)


def test_a_key_belongs_to_one_request():
    answered = Answered(request("key", Operation.CAPTURE, "auth_1").fingerprint, NOW, State.CAPTURED)
    with pytest.raises(IdempotencyKeyReused):
        answer_again(answered, request("key", Operation.VOID, "auth_1"))


def test_details_can_not_run_into_each_other():
    assert request("k", Operation.AUTHORIZE, "a", "bc") != request("k", Operation.AUTHORIZE, "ab", "c")


def test_money_is_not_moved_without_a_key():
    with pytest.raises(IdempotencyKeyMissing):
        request("", Operation.VOID, "auth_1")


@pytest.mark.parametrize("key", ["two words", "\u00e9", "k" * 129, "a\n"])
def test_a_key_is_visible_and_short(key):
    with pytest.raises(IdempotencyKeyInvalid):
        request(key, Operation.VOID, "auth_1")
