"""Pages after AIP-158: a size with a default and a bound, and opaque tokens that fit the query they came from."""

import base64
import json
import math

from chassis.errors import Invalid
from nightmarket.limits import MAX_PAGE_SIZE

Place = list[str | int | float]
_INTEGERS = range(-(2**63), 2**63)  # what a bigint holds


def page_size(wanted: int, default: int, maximum: int = MAX_PAGE_SIZE) -> int:
    """The size to use; 0 means the default. Raises Invalid (PAGE_SIZE_INVALID)."""
    if not 0 <= wanted <= maximum:
        raise Invalid("PAGE_SIZE_INVALID", f"A page has 1 to {maximum} entries.")
    return wanted or default


def token(place: Place, query: str = "") -> str:
    """An opaque token for "after `place`" in the list that `query` selects."""
    return base64.urlsafe_b64encode(json.dumps([query, *place]).encode()).decode().rstrip("=")


def place(page_token: str, kinds: tuple[type, ...], query: str = "") -> Place | None:
    """The place that `token` was made of, None for an empty one.

    `kinds` are the types of the place's parts. Raises Invalid (PAGE_TOKEN_INVALID) for anything that `token`
    can't have made for this query, so that what is returned may go into a statement as it is.
    """
    if not page_token:
        return None
    try:
        padded = page_token + "=" * (-len(page_token) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True)
        made_for, *parts = json.loads(text)
        if made_for == query and tuple(type(part) for part in parts) == kinds and all(map(_fits, parts)):
            return list(parts)
    except (ValueError, TypeError, RecursionError):
        pass
    raise Invalid("PAGE_TOKEN_INVALID", "This page token is not one of this list.")


def _fits(part: str | int | float) -> bool:
    """Whether the database can compare with it. Raises ValueError for text that is not Unicode."""
    if isinstance(part, str):
        return b"\0" not in part.encode()
    return math.isfinite(part) if isinstance(part, float) else part in _INTEGERS
