"""Forms that may be sent once only."""

import re
from uuid import uuid4


class FormExpired(Exception):
    """A form that this shop does not know (any more)."""


def new_key() -> str:
    """The idempotency key of a new form."""
    return uuid4().hex


def checked_key(text: str) -> str:
    """The key that came back with a form. Raises FormExpired for one that `new_key` didn't make."""
    if re.fullmatch(r"[0-9a-f]{32}", text):
        return text
    raise FormExpired("This form is too old, or not one of this shop.")
