"""Who gets a mail, how a mail is known again, and when it is tried again."""

import re
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid5

_LETTERS = UUID("6f1f7d4e-7c1b-5b0e-9b58-2f0a4c6d8e11")
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+")
_LONGEST_ADDRESS = 254
# Longer than any conversation with a mail server takes.
LONGEST_DELIVERY = timedelta(minutes=2)
_LONGEST_PAUSE = timedelta(seconds=60)


class MailRefused(Exception):
    """The mail server will never take this mail."""


@dataclass(frozen=True)
class Letter:
    """A mail as it is handed over: `id` is the same whenever it is; `message` is RFC 5322 with CRLF."""

    id: str
    recipient: str
    message: bytes


def letter_id(event_id: str) -> str:
    """The id of the mail about an event: the same for the same event, and safe in headers and file names."""
    return str(uuid5(_LETTERS, event_id))


def can_be_written_to(address: str) -> bool:
    """Whether this is an address that a mail can be sent to; an empty one is not."""
    return len(address) <= _LONGEST_ADDRESS and _ADDRESS.fullmatch(address) is not None


def pause_after(tries: int) -> timedelta:
    """How long to wait after this many tries, 1 or more: a second, then twice as long up to a minute."""
    return min(timedelta(seconds=2 ** min(tries - 1, 10)), _LONGEST_PAUSE)
