"""Idempotency: a request with the same key gets the same answer, and takes effect once."""

import json
import re
from dataclasses import dataclass, replace
from hashlib import sha256

from bank.domain.authorizations import Authorization, Operation, State

_KEY = re.compile(r"[\x21-\x7e]{1,128}")


class IdempotencyKeyMissing(Exception):
    """Money is moved under a key only."""


class IdempotencyKeyInvalid(Exception):
    """Not a key that can be kept."""


class IdempotencyKeyReused(Exception):
    """The key belongs to another request."""


@dataclass(frozen=True)
class Request:
    """One request to move money; `fingerprint` is equal for equal requests."""

    key: str
    fingerprint: str


@dataclass(frozen=True)
class Answered:
    """A request that took effect before: the authorization that it was about, and the state answered."""

    fingerprint: str
    authorization: Authorization
    state: State


def checked_key(key: str) -> str:
    """The key. Raises IdempotencyKeyMissing and IdempotencyKeyInvalid."""
    if not key:
        raise IdempotencyKeyMissing("Send an Idempotency-Key.")
    if not _KEY.fullmatch(key):
        raise IdempotencyKeyInvalid("An Idempotency-Key has 1 to 128 visible ASCII characters.")
    return key


def request(key: str, operation: Operation, *details: str | int) -> Request:
    """The request to do `operation` with these details. Raises as `checked_key` does."""
    fingerprint = sha256(json.dumps([operation, *details]).encode()).hexdigest()
    return Request(checked_key(key), fingerprint)


def answer_again(answered: Answered, again: Request) -> Authorization:
    """The first answer. Raises IdempotencyKeyReused where the request differs from the first."""
    if answered.fingerprint != again.fingerprint:
        raise IdempotencyKeyReused("This Idempotency-Key was used for another request.")
    return replace(answered.authorization, state=answered.state)
