"""Tokens: their claims, and the life cycle of the keys that sign them.

A key is published before it signs. It signs until its successor takes over, and stays published until every token that
it has signed has expired.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import uuid4

from accounts.domain.accounts import Account

ISSUER = AUDIENCE = "night-market"
# The clock of a service that validates a token may be this much behind.
CLOCK_SKEW = timedelta(seconds=60)


@dataclass(frozen=True)
class SigningKey:
    """The schedule of a key: when it starts to sign, and the longest lifetime of a token that it has signed."""

    id: str
    signs_from: datetime
    max_token_lifetime: timedelta = timedelta()


def claims(account: Account, now: datetime, lifetime: timedelta) -> dict[str, str | int]:
    """Return the claims of a new token for the account, valid for `lifetime` from now."""
    issued = int(now.timestamp())
    return {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": account.id,
        "email": account.email,
        "name": account.name,
        "iat": issued,
        "exp": issued + int(lifetime.total_seconds()),
        "jti": str(uuid4()),
    }


def active_key(keys: Sequence[SigningKey], now: datetime) -> SigningKey:
    """Return the key that signs now; the first key if none has started yet. `keys` must not be empty."""
    ordered = _ordered(keys)
    return next((key for key in reversed(ordered) if key.signs_from <= now), ordered[0])


def expired_keys(keys: Sequence[SigningKey], now: datetime) -> list[SigningKey]:
    """Return the keys that have a successor and whose tokens have all expired."""
    return [
        key
        for key, successor in pairwise(_ordered(keys))
        if now > successor.signs_from + key.max_token_lifetime + CLOCK_SKEW
    ]


def published_keys(keys: Sequence[SigningKey], now: datetime) -> list[SigningKey]:
    """Return the keys that validate tokens now, including those that will sign later, the oldest first."""
    expired = expired_keys(keys, now)
    return [key for key in _ordered(keys) if key not in expired]


def _ordered(keys: Sequence[SigningKey]) -> list[SigningKey]:
    return sorted(keys, key=lambda key: (key.signs_from, key.id))
