"""The HTTP client of the tools: one connection to a server on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests

from laptop import LaptopError
from laptop.ports import HOST


class HttpClient:
    """Sends requests to one port over a kept-alive connection. Not thread-safe.

    It does not follow redirects, does not retry and asks for uncompressed bodies. ``timeout`` limits each wait for
    data, in seconds.
    """

    def __init__(self, port: int, timeout: float = 30.0) -> None:
        self._url = f"http://{HOST}:{port}"
        self._timeout = timeout
        self._session = requests.Session()
        self._session.trust_env = False  # ignore the environment's proxies
        self._session.headers["Accept-Encoding"] = "identity"

    def set_cookie(self, name: str, value: str) -> None:
        """Send a cookie with every request; the server's cookies are added to it."""
        self._session.cookies.set(name, value)

    def send(
        self, method: str, path: str, *, timeout: float | None = None, **arguments: Any
    ) -> requests.Response:
        """Send a request and return the response, with its body read.

        ``arguments`` are those of `requests.Session.request`: `json`, `data`, `headers`. Raises
        `requests.RequestException` if there is no complete response.
        """
        return self._session.request(
            method, self._url + path, timeout=timeout or self._timeout, allow_redirects=False, **arguments
        )

    def fetch(self, path: str, headers: Mapping[str, str] | None = None) -> bytes:
        """Return the body of a page. Raises `LaptopError` if the status is not 200."""
        return self._checked("GET", path, headers=headers).content

    def call(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """Return the JSON body of an API's response. Raises `LaptopError` if the status is not 200 or 201."""
        return self._checked(method, path, json=body, headers=headers).json()

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def __enter__(self) -> HttpClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _checked(self, method: str, path: str, **arguments: Any) -> requests.Response:
        try:
            response = self.send(method, path, **arguments)
        except requests.RequestException as error:
            raise LaptopError(f"{method} {path}: {type(error).__name__}: {error}") from error
        if response.status_code not in (200, 201):
            raise LaptopError(
                f"{method} {path}: unexpected status {response.status_code}: {response.content[:500]!r}"
            )
        return response
