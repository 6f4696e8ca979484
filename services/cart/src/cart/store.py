"""Where baskets are kept: a small JSON document for each account in a key-value bucket."""

import hashlib
import json
import re
from collections.abc import Callable

from cart.domain.baskets import Basket, Line
from cart.keyvalue import KeyValue

_VERSION = 2
_READABLE = (1, 2)  # the first had no numbers of lines
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Store:
    """The baskets of all accounts."""

    def __init__(self, bucket: KeyValue) -> None:
        self._bucket = bucket

    def basket(self, account_id: str) -> Basket:
        """The account's basket; an empty one where it has none yet."""
        return decode(self._bucket.get(key_of(account_id)))

    def change(self, account_id: str, edit: Callable[[Basket], Basket]) -> Basket:
        """Replaces the account's basket by what `edit` makes of it, and returns that.

        Edits that meet all take effect: `edit` is called again for a basket that changed meanwhile.
        """
        edited = Basket()

        def rewritten(document: bytes | None) -> bytes | None:
            nonlocal edited
            basket = decode(document)
            edited = edit(basket)
            return encode(edited) if edited != basket else None

        self._bucket.change(key_of(account_id), rewritten)
        return edited


def key_of(account_id: str) -> str:
    """The bucket's key for an account: its id, or a digest of one that a key cannot be made of."""
    if _PLAIN_KEY.fullmatch(account_id):
        return account_id
    return f"={hashlib.sha256(account_id.encode()).hexdigest()}"


def encode(basket: Basket) -> bytes:
    """The basket as it is kept."""
    document = {
        "version": _VERSION,
        "lines": [[line.product_id, line.quantity, line.number] for line in basket.lines],
        "bought": basket.bought,
        "count": basket.count,
    }
    return json.dumps(document, separators=(",", ":")).encode()


def decode(document: bytes | None) -> Basket:
    """The basket of a kept document. Raises ValueError where a newer version of the service wrote it."""
    if document is None:
        return Basket()
    kept = json.loads(document)
    if kept["version"] not in _READABLE:
        raise ValueError(f"a basket of version {kept['version']} cannot be read")
    lines = tuple(Line(*line) for line in kept["lines"])
    return Basket(lines, tuple(kept["bought"]), kept.get("count", 0))
