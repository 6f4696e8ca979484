"""The store of carts: a small JSON document for each account, in a key-value bucket."""

import hashlib
import json
import re
from collections.abc import Callable

from cart.domain.carts import Cart, Line
from cart.keyvalue import KeyValue

_VERSION = 2
_READABLE = (1, 2)  # version 1 had no line numbers
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Store:
    """The carts of all accounts. A document of an older version is still readable."""

    def __init__(self, bucket: KeyValue) -> None:
        self._bucket = bucket

    def cart(self, account_id: str) -> Cart:
        """Return the account's cart. It is empty if the account has none yet."""
        return decode(self._bucket.get(key_of(account_id)))

    def change(self, account_id: str, edit: Callable[[Cart], Cart]) -> Cart:
        """Replace the account's cart by what `edit` returns, and return that.

        If another request changes the cart at the same time, `edit` is called again, so that no edit is lost.
        """
        edited = Cart()

        def rewritten(document: bytes | None) -> bytes | None:
            nonlocal edited
            cart = decode(document)
            edited = edit(cart)
            return encode(edited) if edited != cart else None

        self._bucket.change(key_of(account_id), rewritten)
        return edited


def key_of(account_id: str) -> str:
    """Return the key of an account: its ID, or a digest if the bucket does not accept the ID as a key."""
    if _PLAIN_KEY.fullmatch(account_id):
        return account_id
    return f"={hashlib.sha256(account_id.encode()).hexdigest()}"


def encode(cart: Cart) -> bytes:
    """Return the document of a cart."""
    document = {
        "version": _VERSION,
        "lines": [[line.product_id, line.quantity, line.number] for line in cart.lines],
        "bought": cart.bought,
        "count": cart.count,
    }
    return json.dumps(document, separators=(",", ":")).encode()


def decode(document: bytes | None) -> Cart:
    """Return the cart of a document. Raises ValueError if a newer version of the service wrote it."""
    if document is None:
        return Cart()
    fields = json.loads(document)
    if fields["version"] not in _READABLE:
        raise ValueError(f"a cart of version {fields['version']} cannot be read")
    lines = tuple(Line(*line) for line in fields["lines"])
    return Cart(lines, tuple(fields["bought"]), fields.get("count", 0))
