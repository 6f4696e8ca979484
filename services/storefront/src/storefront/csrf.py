"""No other site may send this shop's forms: each carries a signed token that fits the visitor's own cookie.

The token names the visitor (a random number in the signed cookie of the shop) and the account that is signed in, so
that nobody can use one of their own in somebody else's browser. It has a day.
"""

import hmac
import secrets

import flask
from itsdangerous import BadData, URLSafeTimedSerializer

from chassis import context
from storefront.domain.forms import FormExpired
from storefront.session import check_known

FIELD = "csrf"
_VISITOR = "visitor"
_SECONDS = 24 * 60 * 60
_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Csrf:
    """Makes tokens for forms, and lets no request that changes something pass without."""

    def __init__(self, secret_key: str) -> None:
        self._tokens = URLSafeTimedSerializer(secret_key, salt="csrf")

    def attach(self, app: flask.Flask) -> None:
        """Checks every request of the app, and gives its templates `csrf_token`."""
        app.before_request(self.check)
        app.jinja_env.globals["csrf_token"] = self.token

    def token(self) -> str:
        """A token for the forms of the current page."""
        if "csrf_token" not in flask.g:
            flask.session.setdefault(_VISITOR, secrets.token_urlsafe(16))
            flask.g.csrf_token = self._tokens.dumps(_holder())
        token: str = flask.g.csrf_token
        return token

    def check(self) -> None:
        """Raises FormExpired for a change without a token of this visitor, Unavailable where nobody knows who it is."""
        if flask.request.method not in _CHANGING:
            return
        try:
            holder = self._tokens.loads(flask.request.form.get(FIELD, ""), max_age=_SECONDS)
        except BadData:
            holder = ""
        if not hmac.compare_digest(str(holder).encode(), _holder().encode()):
            check_known()  # the token may be of an account that is not known now
            raise FormExpired("This form is too old, or not one of this shop.")


def _holder() -> str:
    account = context.current().headers.get(context.ACCOUNT_ID, "")
    return f"{flask.session.get(_VISITOR, '')} {account}"
