"""A shopper's connection to the market, and what came of each request."""

from __future__ import annotations

import http.client
import json
import select
import time
from collections.abc import Mapping
from dataclasses import dataclass

from laptop.ports import HOST

GRACE = 3.0  # seconds that an answer may take longer than the gateway allows itself, on a busy machine
PAGE = "text/html"


@dataclass(frozen=True)
class Exchange:
    """A request and its answer; ``status`` is 0 where none came, and ``failure`` says how. Monotonic times."""

    request: str
    timeout: float  # seconds that the gateway allows itself
    sent: float
    ended: float
    wanted: str = ""  # the content type that was asked for
    status: int = 0
    content_type: str = ""
    body: bytes = b""
    failure: str = ""

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ended - self.sent


class Client:
    """One kept-alive connection, for one thread; as good clients do, it looks before it uses it again."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection = self._new()

    def send(
        self, method: str, path: str, timeout: float,
        *, body: object = None, headers: Mapping[str, str] | None = None, page: bool = False,
    ) -> Exchange:  # fmt: skip
        """Send a request that the gateway answers within so many seconds; never raises for what the net does."""
        wanted = PAGE if page else "application/json"
        text = None if body is None else json.dumps(body)
        sent = time.monotonic()
        status, kind, received, failure = self._exchange(
            method,
            path,
            text,
            {"Accept": wanted, "Content-Type": "application/json", **(headers or {})},
            timeout + GRACE,
        )
        return Exchange(
            f"{method} {path}", timeout, sent, time.monotonic(), wanted, status, kind, received, failure
        )

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _exchange(
        self, method: str, path: str, text: str | None, headers: Mapping[str, str], patience: float
    ) -> tuple[int, str, bytes, str]:
        self._drop_dead()
        connection, deadline = self._connection, time.monotonic() + patience
        try:
            connection.timeout = patience
            connection.connect() if connection.sock is None else connection.sock.settimeout(patience)
            connection.request(method, path, text, dict(headers))
            connection.sock.settimeout(max(0.01, deadline - time.monotonic()))
            answer = connection.getresponse()
            return answer.status, answer.getheader("Content-Type", ""), answer.read(), ""
        except (OSError, http.client.HTTPException) as error:
            self._renew()
            return 0, "", b"", f"{type(error).__name__}: {error}"

    def _drop_dead(self) -> None:
        """Let go of a connection that the other side has closed while nobody used it."""
        sock = self._connection.sock
        if sock is not None and select.select([sock], [], [], 0)[0]:
            self._renew()

    def _renew(self) -> None:
        self._connection.close()
        self._connection = self._new()

    def _new(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(HOST, self._port)
