"""The visitor's session, as the gateway has found it."""

from chassis import context
from chassis.errors import Unavailable

_TROUBLE = "x-account-error"
_NO_KEYS = (
    "Jwks remote fetch is failed"  # the gateway's words: it has never got the keys to check a session with
)


def is_signed_in() -> bool:
    """Whether the gateway has found a valid session."""
    return context.ACCOUNT_ID in context.current().headers


def account_email() -> str:
    """The address that the visitor has signed in with; empty where nobody has."""
    return context.current().headers.get(context.ACCOUNT_EMAIL, "")


def check_known() -> None:
    """Raises Unavailable where nobody can say now whether the visitor has signed in."""
    if context.current().headers.get(_TROUBLE) == _NO_KEYS:
        raise Unavailable(
            "UPSTREAM_UNAVAILABLE", "Sessions cannot be checked now. Try again.", {"service": "accounts"}
        )
