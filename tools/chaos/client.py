"""A shopper's connection to the market, and what came of each request."""

from __future__ import annotations

import http.client
import json
import select
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from laptop.ports import HOST

GRACE = 3.0  # seconds that an answer may take longer than the gateway allows itself, on a busy machine
PAGE, DATA = "text/html", "application/json"


@dataclass(frozen=True)
class Exchange:
    """A request and its answer. ``status`` is 0 where none came; then ``failure`` says how. Monotonic times."""

    method: str
    path: str
    wanted: str  # the content type that was asked for
    timeout: float  # seconds that the gateway allows itself
    sent: float
    ended: float = 0.0
    status: int = 0
    content_type: str = ""
    id: str = ""  # by which the market's logs know the request
    place: str = ""  # where a page sends its reader
    cookie: str = ""  # NAME=VALUE
    body: bytes = b""
    failure: str = ""
    broke_off: bool = False  # it failed in the middle of an answer

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ended - self.sent


class Client:
    """One kept-alive connection, for one thread. It looks before it uses it again, as good clients do."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection(HOST, port)

    def send(
        self, method: str, path: str, timeout: float,
        *, body: object = None, form: Mapping[str, str] | None = None, headers: Mapping[str, str],
        wanted: str = DATA,
    ) -> Exchange:  # fmt: skip
        """Send a request that the gateway answers within so many seconds; never raises for what the net does.

        ``body`` goes as JSON, ``form`` as browsers send it.
        """
        text = urlencode(form) if form is not None else None if body is None else json.dumps(body)
        kind = DATA if form is None else "application/x-www-form-urlencoded"
        all_headers = {"Accept": wanted, "Content-Type": kind, **headers}
        exchange = Exchange(method, path, wanted, timeout, time.monotonic())
        try:
            answered = self._exchange(exchange, text, all_headers)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            broke_off = isinstance(error, http.client.IncompleteRead)
            answered = replace(exchange, failure=f"{type(error).__name__}: {error}", broke_off=broke_off)
        return replace(answered, ended=time.monotonic())

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _exchange(self, exchange: Exchange, text: str | None, headers: Mapping[str, str]) -> Exchange:
        connection, patience = self._connection, exchange.timeout + GRACE
        if connection.sock is not None and select.select([connection.sock], [], [], 0)[0]:
            connection.close()  # the other side has closed it while nobody used it
        if connection.sock is None:
            connection.timeout = patience
            connection.connect()
        connection.sock.settimeout(patience)
        connection.request(exchange.method, exchange.path, text, dict(headers))
        answer = connection.getresponse()
        named = ("Content-Type", "X-Request-Id", "Location", "Set-Cookie")
        kind, number, place, cookie = (answer.getheader(name, "") for name in named)
        return replace(
            exchange, status=answer.status, content_type=kind, id=number, place=place,
            cookie=cookie.partition(";")[0], body=answer.read(),
        )  # fmt: skip
