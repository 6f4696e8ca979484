"""The client of the accounts service, by HTTP."""

import http.client
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from chassis import context, telemetry
from chassis.errors import BY_NUMBER, DOMAIN, AppError, Unavailable

_TIMEOUT = 5.0
_HEADERS = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Session:
    """A session token, and when it expires."""

    token: str
    expires: datetime


class AccountsClient:
    """Creates accounts and sessions. Raises the service's AppErrors, and Unavailable (UPSTREAM_UNAVAILABLE).

    Each call opens a connection. Hashing a password takes the service about 100 ms, so reusing connections
    would save little.
    """

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)

    def sign_up(self, email: str, password: str, name: str) -> None:
        """Create an account."""
        self._request("POST", "/api/v1/accounts", {"email": email, "password": password, "name": name})

    def sign_in(self, email: str, password: str) -> Session:
        """Return a new session for an account."""
        answer = self._request("POST", "/api/v1/sessions", {"email": email, "password": password})
        return Session(answer["token"], datetime.fromisoformat(answer["expiresAt"]))

    def check(self, timeout: float) -> None:
        """Return if the service works. Its keys come from its database, so this checks both."""
        self._request("GET", "/.well-known/jwks.json", None, timeout)

    def _request(self, method: str, path: str, body: dict[str, str] | None, timeout: float = _TIMEOUT) -> Any:
        with telemetry.span(f"{method} {path}", telemetry.CLIENT, {"server.address": "accounts"}) as span:
            try:
                status, answer = self._exchange(method, path, body, timeout)
            except (OSError, http.client.HTTPException, ValueError) as error:
                telemetry.mark_failed(span, type(error).__name__)
                raise _unavailable() from error
        if status >= 400:
            raise _error(answer)
        return answer

    def _exchange(
        self, method: str, path: str, body: dict[str, str] | None, timeout: float
    ) -> tuple[int, Any]:
        connect = http.client.HTTPSConnection if self._url.scheme == "https" else http.client.HTTPConnection
        connection = connect(self._url.netloc, timeout=context.current().time_remaining(timeout))
        try:
            headers = {**_HEADERS, **dict(context.current().propagated_headers())}
            connection.request(method, self._url.path + path, json.dumps(body) if body else None, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()


def _error(status: Any) -> AppError:
    """Return the error in a google.rpc.Status. If it cannot be read, the service counts as unavailable."""
    try:
        kind = BY_NUMBER[status["code"]]
        info = next(detail for detail in status["details"] if detail.get("domain") == DOMAIN)
        return kind(info["reason"], status["message"], info.get("metadata"))
    except (KeyError, TypeError, StopIteration, AttributeError):
        return _unavailable()


def _unavailable() -> AppError:
    return Unavailable(
        "UPSTREAM_UNAVAILABLE", "accounts does not answer. Try again.", {"service": "accounts"}
    )
