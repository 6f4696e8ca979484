"""An email: its ID, its recipient's address, and when it is retried."""

import re
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid5

from nightmarket.limits import MAX_EMAIL

_NAMESPACE = UUID("6f1f7d4e-7c1b-5b0e-9b58-2f0a4c6d8e11")
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+")
# Longer than the longest conversation with a mail server.
MAX_DELIVERY_TIME = timedelta(minutes=2)
_MAX_DELAY = timedelta(seconds=60)


class EmailRejected(Exception):
    """The mail server permanently rejects the email."""


@dataclass(frozen=True)
class Email:
    """An email that can be sent. `id` is the same for every try; `message` is in RFC 5322 format with CRLF."""

    id: str
    recipient: str
    message: bytes


def email_id(event_id: str) -> str:
    """Return the ID of the email about an event: always the same, and safe in headers and file names."""
    return str(uuid5(_NAMESPACE, event_id))


def is_email_address(text: str) -> bool:
    """Return whether an email can be sent to this address."""
    return len(text) <= MAX_EMAIL and _ADDRESS.fullmatch(text) is not None


def retry_delay(tries: int) -> timedelta:
    """Return the time until the next try after this many tries: one second, doubled each time, at most a minute."""
    return min(timedelta(seconds=2 ** min(tries - 1, 10)), _MAX_DELAY)
