"""Idempotency: requests with the same key get the same response, and take effect once."""

import json
import re
from dataclasses import dataclass, replace
from hashlib import sha256

from bank.domain.authorizations import Authorization, Operation, State

_KEY = re.compile(r"[\x21-\x7e]{1,128}")


class IdempotencyKeyMissing(Exception):
    """A request that moves money has no key."""


class IdempotencyKeyInvalid(Exception):
    """Not a valid key."""


class IdempotencyKeyReused(Exception):
    """The key belongs to another request."""


@dataclass(frozen=True)
class Request:
    """A request to move money; equal requests have equal fingerprints."""

    key: str
    fingerprint: str


@dataclass(frozen=True)
class Completed:
    """A request that took effect before: its authorization now, and the state in the first response."""

    fingerprint: str
    authorization: Authorization
    state: State


def checked_key(key: str) -> str:
    """Return the key. Raises IdempotencyKeyMissing and IdempotencyKeyInvalid."""
    if not key:
        raise IdempotencyKeyMissing("Send an Idempotency-Key.")
    if not _KEY.fullmatch(key):
        raise IdempotencyKeyInvalid("An Idempotency-Key has 1 to 128 visible ASCII characters.")
    return key


def new_request(key: str, operation: Operation, *details: str | int) -> Request:
    """Return the request for an operation with these details.

    Raises IdempotencyKeyMissing and IdempotencyKeyInvalid.
    """
    fingerprint = sha256(json.dumps([operation, *details]).encode()).hexdigest()
    return Request(checked_key(key), fingerprint)


def first_response(completed: Completed, repeated: Request) -> Authorization:
    """Return the authorization as in the first response. Raises IdempotencyKeyReused if the request differs."""
    if completed.fingerprint != repeated.fingerprint:
        raise IdempotencyKeyReused("This Idempotency-Key was used for another request.")
    return replace(completed.authorization, state=completed.state)
