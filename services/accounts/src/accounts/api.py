"""The HTTP API of accounts: wire <-> domain."""

from typing import Any

import flask

from accounts.domain.accounts import (
    CredentialsWrong,
    EmailInvalid,
    EmailTaken,
    NameInvalid,
    PasswordTooLong,
    PasswordTooShort,
)
from accounts.service import AccountService
from accounts.store import Store
from chassis.errors import Conflict, ErrorMap, Invalid, Unauthenticated
from chassis.http_server import init_app
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
# Short enough that every client has a new key before it signs.
_JWKS_MAX_AGE_SECONDS = 15


class AccountsApi:
    """Implements the routes; README.md describes each."""

    def __init__(self, service: AccountService, store: Store) -> None:
        self._service = service
        self._store = store

    def app(self) -> flask.Flask:
        """Return the Flask app with all routes."""
        app = flask.Flask("accounts", static_folder=None)
        app.add_url_rule("/api/v1/accounts", view_func=self.create_account, methods=["POST"])
        app.add_url_rule("/api/v1/sessions", view_func=self.create_session, methods=["POST"])
        app.add_url_rule("/.well-known/jwks.json", view_func=self.jwks, methods=["GET"])
        return init_app(app, ERROR_MAP)

    def create_account(self) -> tuple[dict[str, Any], int]:
        """POST /api/v1/accounts {email, password, name} -> 201 {account}."""
        account = self._service.sign_up(*Body("email", "password", "name").texts())
        return {"account": {"id": account.id, "email": account.email, "name": account.name}}, 201

    def create_session(self) -> flask.Response:
        """POST /api/v1/sessions {email, password} -> {token, expiresAt}, and the token as a cookie."""
        token = self._service.sign_in(*Body("email", "password").texts())
        expires = token.expires.isoformat().replace("+00:00", "Z")
        response = flask.jsonify(token=token.text, expiresAt=expires)
        response.cache_control.no_store = True
        response.set_cookie(
            COOKIE,
            token.text,
            max_age=token.lifetime,
            secure=flask.request.headers.get("X-Forwarded-Proto") == "https",
            httponly=True,
            samesite="Lax",
        )
        return response

    def jwks(self) -> flask.Response:
        """GET /.well-known/jwks.json -> the public keys (RFC 7517)."""
        response = flask.jsonify(keys=self._store.jwks())
        response.cache_control.public = True
        response.cache_control.max_age = _JWKS_MAX_AGE_SECONDS
        return response
