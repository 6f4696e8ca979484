"""Pages after AIP-158: a size with a default and a bound, and opaque tokens that fit the query they came from."""

import base64
import binascii
import json

from chassis.errors import Invalid


def page_size(wanted: int, default: int, largest: int = 100) -> int:
    """The size to use; 0 means the default. Raises Invalid (PAGE_SIZE_INVALID)."""
    if not 0 <= wanted <= largest:
        raise Invalid("PAGE_SIZE_INVALID", f"A page has 1 to {largest} entries.")
    return wanted or default


def token(place: list[str | int | float], query: str = "") -> str:
    """An opaque token for "after `place`" in the list that `query` selects."""
    return base64.urlsafe_b64encode(json.dumps([query, *place]).encode()).decode().rstrip("=")


def place(page_token: str, kinds: tuple[type, ...], query: str = "") -> list[str | int | float] | None:
    """The place that `token` was made of, None for an empty one.

    `kinds` are the types of the place's parts. Raises Invalid (PAGE_TOKEN_INVALID) for anything that `token`
    didn't make for this query.
    """
    if not page_token:
        return None
    try:
        padded = page_token + "=" * (-len(page_token) % 4)
        made_for, *parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if made_for == query and tuple(type(part) for part in parts) == kinds:
            return parts
    except (ValueError, TypeError, binascii.Error, RecursionError):
        pass
    raise Invalid("PAGE_TOKEN_INVALID", "This page token is not one of this list.")
