"""A small load client: few threads, one kept-alive connection each, a fixed number of requests."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from laptop.errors import LaptopError
from laptop.ports import HOST

THREADS = 4
AS_BROWSERS_DO = {"Accept-Encoding": "gzip, br"}
_TIMEOUT = 30.0  # seconds
T = TypeVar("T")
R = TypeVar("R")


class Client:
    """One connection to a server on this machine; for one thread."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection(HOST, port, timeout=_TIMEOUT)

    def fetch(self, path: str) -> bytes:
        """The body of a page, compressed if the server likes to. `LaptopError` unless it is there."""
        return self._send("GET", path, None, AS_BROWSERS_DO)

    def call(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """The JSON that the API answers with. `LaptopError` where it refuses."""
        text = None if body is None else json.dumps(body)
        kind = {"Content-Type": "application/json"} if text else {}
        return json.loads(self._send(method, path, text, {**kind, **(headers or {})}))

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def _send(self, method: str, path: str, body: str | None, headers: Mapping[str, str]) -> bytes:
        try:
            self._connection.request(method, path, body, dict(headers))
            answer = self._connection.getresponse()
            received = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise LaptopError(f"{method} {path}: {type(error).__name__}: {error}") from error
        if answer.status not in (200, 201):
            raise LaptopError(f"{method} {path} was answered with {answer.status}: {received[:500]!r}")
        return received


def timed(work: Callable[[Client, T], R], seconds: list[float]) -> Callable[[Client, T], R]:
    """The same work, which adds how long it took to ``seconds``."""

    def watched(client: Client, item: T) -> R:
        began = time.monotonic()
        result = work(client, item)
        seconds.append(time.monotonic() - began)
        return result

    return watched


def spread(port: int, work: Callable[[Client, T], R], items: Sequence[T]) -> list[R]:
    """Do ``work`` once for each item, `THREADS` at a time; the results are in no particular order."""

    def one_thread(share: Sequence[T]) -> list[R]:
        with Client(port) as client:
            return [work(client, item) for item in share]

    with ThreadPoolExecutor(THREADS) as pool:
        shares = [items[first::THREADS] for first in range(THREADS)]
        return [result for results in pool.map(one_thread, shares) for result in results]
