"""Paging after AIP-158: page sizes with a default and a maximum, and opaque tokens that fit their query."""

import base64
import json
import math

from chassis.errors import Invalid
from nightmarket.limits import MAX_PAGE_SIZE

Cursor = list[str | int | float]
_INTEGERS = range(-(2**63), 2**63)  # what a bigint holds


def page_size(requested: int, default: int, maximum: int = MAX_PAGE_SIZE) -> int:
    """Return the page size to use; a request for 0 means the default. Raises Invalid (PAGE_SIZE_INVALID)."""
    if not 0 <= requested <= maximum:
        raise Invalid("PAGE_SIZE_INVALID", f"A page has 1 to {maximum} entries.")
    return requested or default


def token(cursor: Cursor, query: str = "") -> str:
    """Return an opaque token for "after `cursor`" in the list that `query` selects."""
    return base64.urlsafe_b64encode(json.dumps([query, *cursor]).encode()).decode().rstrip("=")


def cursor(page_token: str, kinds: tuple[type, ...], query: str = "") -> Cursor | None:
    """Return the cursor that `token` was made from; None for an empty token.

    `kinds` are the types of the cursor's parts. Raises Invalid (PAGE_TOKEN_INVALID) for anything that `token` cannot
    have made for this query, so that the result is safe to compare with columns.
    """
    if not page_token:
        return None
    try:
        padded = page_token + "=" * (-len(page_token) % 4)
        made_for, *parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if made_for == query and tuple(type(part) for part in parts) == kinds and all(map(_fits, parts)):
            return list(parts)
    except (ValueError, TypeError, RecursionError):
        pass
    raise Invalid("PAGE_TOKEN_INVALID", "This page token is not one of this list.")


def _fits(part: str | int | float) -> bool:
    """Return whether PostgreSQL can hold the value. Raises ValueError for text that is not Unicode."""
    if isinstance(part, str):
        return b"\0" not in part.encode()
    return math.isfinite(part) if isinstance(part, float) else part in _INTEGERS
