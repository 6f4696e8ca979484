"""Signing up and in, by HTTP. A connection for each call: a sign-in costs the accounts 100 ms anyway."""

import http.client
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from chassis import context, telemetry
from chassis.errors import BY_NUMBER, DOMAIN, AppError, Unavailable

_SECONDS = 5.0
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Session:
    """Proof of who somebody is, for the cookie, and until when it is good."""

    token: str
    expires: datetime


class Accounts:
    """Calls the accounts service. Raises its MarketErrors, and Unavailable (UPSTREAM_UNAVAILABLE)."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)

    def sign_up(self, email: str, password: str, name: str) -> None:
        """Makes an account."""
        self._ask("POST", "/api/v1/accounts", {"email": email, "password": password, "name": name})

    def sign_in(self, email: str, password: str) -> Session:
        """A session for an account."""
        answer = self._ask("POST", "/api/v1/sessions", {"email": email, "password": password})
        return Session(answer["token"], datetime.fromisoformat(answer["expiresAt"]))

    def check(self, seconds: float) -> None:
        """Returns if the accounts can do their work within `seconds`: the keys come from their database."""
        self._ask("GET", "/.well-known/jwks.json", None, seconds)

    def _ask(self, method: str, path: str, body: dict[str, str] | None, seconds: float = _SECONDS) -> Any:
        with telemetry.span(f"{method} {path}", telemetry.CLIENT, {"server.address": "accounts"}) as span:
            try:
                status, answer = self._exchange(method, path, body, seconds)
            except (OSError, http.client.HTTPException, ValueError) as error:
                telemetry.failed(span, type(error).__name__)
                raise _unavailable() from error
        if status >= 400:
            raise _failure(answer)
        return answer

    def _exchange(
        self, method: str, path: str, body: dict[str, str] | None, seconds: float
    ) -> tuple[int, Any]:
        kind = http.client.HTTPSConnection if self._url.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._url.netloc, timeout=context.current().time_remaining(seconds))
        try:
            headers = {**_JSON, **dict(context.current().propagated_headers())}
            connection.request(method, self._url.path + path, json.dumps(body) if body else None, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()


def _failure(status: Any) -> AppError:
    """The error in a google.rpc.Status; one that makes no sense means that the accounts don't work."""
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
