"""The visitor's session: who is signed in, CSRF protection, and what is remembered until a visitor has signed in.

There are two cookies. `session` holds the token of the accounts service: the gateway checks it and passes the account
on in headers. `shop` is Flask's own signed session.
"""

from dataclasses import astuple, dataclass

import flask
from flask.sessions import SecureCookieSessionInterface
from flask_wtf.csrf import CSRFProtect, generate_csrf

from chassis import context
from chassis.errors import Unavailable

_SESSION_ERROR = "x-account-error"
# Envoy's message if it has never received the keys that session tokens are checked with.
_NO_KEYS = "Jwks remote fetch is failed"
_CSRF_KEY = "csrf_token"
_CSRF_ACCOUNT = "csrf_account"
_CSRF_SECONDS = 24 * 60 * 60
_PENDING_ITEM = "pending_item"


def init_app(app: flask.Flask) -> None:
    """Add the session cookie and CSRF protection to the app."""
    app.session_interface = _SessionInterface()
    app.config.update(
        SESSION_COOKIE_NAME="shop",
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=_CSRF_SECONDS,
        # The token is enough. Browsers that hide the Referer header can buy, too.
        WTF_CSRF_SSL_STRICT=False,
    )
    app.before_request(_check_csrf_account)
    CSRFProtect(app)
    app.jinja_env.globals["form_token"] = form_token


def is_signed_in() -> bool:
    """Whether the gateway has found a valid session token."""
    return bool(_account_id())


def account_email() -> str:
    """Return the email address of the visitor's account. Empty if the visitor is not signed in."""
    return context.current().headers.get(context.ACCOUNT_EMAIL, "")


def form_token() -> str:
    """Return the CSRF token for the forms of the current page.

    Flask-WTF binds the token to the `shop` cookie. An attacker who can plant such a cookie in another browser would
    know a valid token, so the cookie also names the account that the token is for.
    """
    session, account_id = flask.session, _account_id()
    if session.get(_CSRF_ACCOUNT, "") != account_id and _is_visitor_known():
        session.pop(_CSRF_KEY, None)
        session[_CSRF_ACCOUNT] = account_id
    token: str = generate_csrf()
    return token


def require_known_visitor() -> None:
    """Raise Unavailable if the gateway cannot check session tokens now.

    Otherwise a visitor who is signed in would be asked to sign in again.
    """
    if not _is_visitor_known():
        raise Unavailable(
            "UPSTREAM_UNAVAILABLE", "Sessions cannot be checked now. Try again.", {"service": "accounts"}
        )


@dataclass(frozen=True)
class PendingItem:
    """A product that a visitor added to the cart before signing in, kept in the `shop` cookie."""

    product_id: str
    quantity: int

    def save(self) -> None:
        """Remember the item until the visitor has signed in."""
        flask.session[_PENDING_ITEM] = astuple(self)

    @classmethod
    def pop(cls) -> "PendingItem | None":
        """Return the item and forget it. Returns None if there is none."""
        found = flask.session.pop(_PENDING_ITEM, None)
        return cls(*found) if found else None


class _SessionInterface(SecureCookieSessionInterface):
    def get_cookie_secure(self, app: flask.Flask) -> bool:
        """The cookie is sent only by HTTPS if the visitor came by HTTPS."""
        return flask.request.is_secure


def _account_id() -> str:
    return context.current().headers.get(context.ACCOUNT_ID, "")


def _is_visitor_known() -> bool:
    return context.current().headers.get(_SESSION_ERROR) != _NO_KEYS


def _check_csrf_account() -> None:
    """Drop the CSRF token of another account, so that Flask-WTF rejects the form."""
    if flask.request.method not in flask.current_app.config["WTF_CSRF_METHODS"]:
        return  # reading the session would add `Vary: Cookie` to static files
    session = flask.session
    if session.get(_CSRF_ACCOUNT, "") != _account_id() and _is_visitor_known():
        session.pop(_CSRF_KEY, None)
