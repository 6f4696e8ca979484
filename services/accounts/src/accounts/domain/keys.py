"""The life of a signing key: published before it signs, and for as long as anything that it signed is valid.

A key signs from its own time on until the next key's time comes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

# Who checks a token may have a clock that is this much behind.
CLOCK_SKEW = timedelta(seconds=60)


@dataclass(frozen=True)
class Key:
    """What decides about a key: when it begins to sign, and how long tokens signed by it live at most."""

    id: str
    signs_from: datetime
    longest_token: timedelta = timedelta()


def signer(keys: Sequence[Key], now: datetime) -> Key:
    """The key that signs now; the first key, where none has come to its time. There must be one at least."""
    order = _in_order(keys)
    return next((key for key in reversed(order) if key.signs_from <= now), order[0])


def over(keys: Sequence[Key], now: datetime) -> list[Key]:
    """The keys that nobody needs any more: they don't sign, and everything that they signed has expired."""
    order = _in_order(keys)
    return [
        key
        for key, successor in pairwise(order)
        if now > successor.signs_from + key.longest_token + CLOCK_SKEW
    ]


def published(keys: Sequence[Key], now: datetime) -> list[Key]:
    """The keys that tokens are checked with now, also those that will sign later."""
    finished = over(keys, now)
    return [key for key in _in_order(keys) if key not in finished]


def _in_order(keys: Sequence[Key]) -> list[Key]:
    return sorted(keys, key=lambda key: (key.signs_from, key.id))
