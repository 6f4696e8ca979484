from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bank.domain.authorizations import Authorization, Charge, Operation, State
from bank.domain.idempotency import (
    Completed,
    IdempotencyKeyInvalid,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    first_response,
    new_request,
)

NOW = Authorization("auth_1", State.REFUNDED, Charge(1, "USD", "tok_visa", "r"), datetime.now(UTC))


def test_a_repeated_request_gets_the_first_response_even_if_the_state_has_changed():
    request = new_request("key", Operation.CAPTURE, "auth_1")
    completed = Completed(request.fingerprint, NOW, State.CAPTURED)
    assert first_response(completed, request) == replace(NOW, state=State.CAPTURED)


def test_a_key_belongs_to_one_request():
    completed = Completed(new_request("key", Operation.CAPTURE, "auth_1").fingerprint, NOW, State.CAPTURED)
    with pytest.raises(IdempotencyKeyReused):
        first_response(completed, new_request("key", Operation.VOID, "auth_1"))


def test_different_details_have_different_fingerprints():
    assert new_request("k", Operation.AUTHORIZE, "a", "bc") != new_request(
        "k", Operation.AUTHORIZE, "ab", "c"
    )


def test_a_request_without_a_key_is_rejected():
    with pytest.raises(IdempotencyKeyMissing):
        new_request("", Operation.VOID, "auth_1")


@pytest.mark.parametrize("key", ["two words", "\u00e9", "k" * 129, "a\n"])
def test_an_invalid_key_is_rejected(key):
    with pytest.raises(IdempotencyKeyInvalid):
        new_request(key, Operation.VOID, "auth_1")
