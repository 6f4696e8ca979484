"""The accounts' HTTP interface: wire <-> domain."""

from typing import Any

import flask
from prometheus_client import Counter

from accounts.domain.accounts import (
    Account,
    CredentialsWrong,
    EmailInvalid,
    EmailTaken,
    NameInvalid,
    PasswordTooLong,
    PasswordTooShort,
)
from accounts.domain.registry import Registry
from accounts.keyring import Keyring
from accounts.tokens import Token, Tokens
from chassis.errors import Conflict, ErrorMap, Invalid, Unauthenticated
from chassis.http_app import init_app
from chassis.json_body import Body

ERROR_MAP: ErrorMap = {
    EmailInvalid: Invalid,
    PasswordTooShort: Invalid,
    PasswordTooLong: Invalid,
    NameInvalid: Invalid,
    EmailTaken: Conflict,
    CredentialsWrong: Unauthenticated,
}
COOKIE = "session"
# Short enough for a new key to be known everywhere before it signs.
_JWKS_SECONDS = 15

CREATED = Counter("market_accounts_created_total", "Accounts made.")
SIGN_INS = Counter("market_sign_ins_total", "Attempts to sign in.", ["outcome"])


class AccountsApi:
    """Answers the paths of the public interface that are about accounts."""

    def __init__(self, registry: Registry, tokens: Tokens, keyring: Keyring) -> None:
        self._registry = registry
        self._tokens = tokens
        self._keyring = keyring

    def app(self) -> flask.Flask:
        """The Flask app with all routes."""
        app = flask.Flask("accounts", static_folder=None)
        app.add_url_rule("/api/v1/accounts", view_func=self.create_account, methods=["POST"])
        app.add_url_rule("/api/v1/sessions", view_func=self.create_session, methods=["POST"])
        app.add_url_rule("/.well-known/jwks.json", view_func=self.jwks, methods=["GET"])
        return init_app(app, ERROR_MAP)

    def create_account(self) -> tuple[dict[str, Any], int]:
        """POST /api/v1/accounts {email, password, name} -> 201 {account}."""
        email, password, name = Body("email", "password", "name").texts()
        account = self._registry.sign_up(email, password, name)
        CREATED.inc()
        return {"account": _account(account)}, 201

    def create_session(self) -> flask.Response:
        """POST /api/v1/sessions {email, password} -> {token, expiresAt}, and the token as a cookie."""
        email, password = Body("email", "password").texts()
        try:
            account = self._registry.sign_in(email, password)
        except CredentialsWrong:
            SIGN_INS.labels("refused").inc()
            raise
        token = self._tokens.issue(account)
        SIGN_INS.labels("done").inc()
        return self._session(token)

    def jwks(self) -> flask.Response:
        """GET /.well-known/jwks.json -> the public keys (RFC 7517)."""
        response = flask.jsonify(keys=self._keyring.jwks())
        response.cache_control.public = True
        response.cache_control.max_age = _JWKS_SECONDS
        return response

    def _session(self, token: Token) -> flask.Response:
        expires = token.expires.isoformat().replace("+00:00", "Z")
        response = flask.jsonify(token=token.text, expiresAt=expires)
        response.cache_control.no_store = True
        response.set_cookie(
            COOKIE,
            token.text,
            max_age=self._tokens.lifetime,
            secure=flask.request.headers.get("X-Forwarded-Proto") == "https",
            httponly=True,
            samesite="Lax",
        )
        return response


def _account(account: Account) -> dict[str, str]:
    return {"id": account.id, "email": account.email, "name": account.name}
