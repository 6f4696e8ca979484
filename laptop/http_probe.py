"""HTTP probes of processes on this machine: /readyz of the services, and Envoy's admin interface."""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from collections.abc import Mapping

from laptop.ports import HOST

READY = ""
_TIMEOUT = 2.0  # seconds

# Names of Envoy's statistics.
_CONNECTIONS, _REQUESTS, _KEY_SETS = "downstream_cx_active", "downstream_rq_active", "jwks_fetch_success"
_NOT_COUNTED = ("http.admin.", "http.metrics.")  # connections of probes like this one
_IDLE_TIMEOUT = 2.0  # seconds to wait for connections without a request
_BUSY_TIMEOUT = 25.0  # seconds to wait for requests: longer than the timeout of any route
_POLL = 0.02  # seconds


def http_problem(port: int, path: str) -> str:
    """Return why the page does not answer with status 200, in a few words, or `READY` (empty) if it does."""
    try:
        status, body = fetch(port, path)
    except ConnectionRefusedError:
        return "not listening"
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    return READY if status == 200 else _reason(body)


def fetch(port: int, path: str, method: str = "GET") -> tuple[int, bytes]:
    """Return the status and body of a page. Raises `OSError` or `HTTPException` if there is no answer."""
    connection = http.client.HTTPConnection(HOST, port, timeout=_TIMEOUT)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _reason(body: bytes) -> str:
    """Return the failed checks that a service's /readyz names, or else the body itself."""
    try:
        checks = json.loads(body)
        reasons = [f"{name}: {text}" for name, text in checks.items() if name != "status"]
    except (ValueError, AttributeError):
        reasons = []
    return ", ".join(reasons) or body.decode(errors="replace").strip()[:200] or "not ready"


def envoy_problem(admin_port: int, key_sets: int = 0) -> str:
    """Return why the Envoy with this admin port is not ready, or `READY` (empty) if it is.

    ``key_sets`` is how many JSON Web Key Sets it must have fetched, to validate tokens.
    """
    if why := http_problem(admin_port, "/ready"):
        return why
    if key_sets and _statistics(admin_port)[_KEY_SETS] < key_sets:
        return "the keys that validate tokens are not loaded yet"
    return READY


def drain_envoy(admin_port: int) -> None:
    """Make the Envoy with this admin port accept no more connections, and return when its last request is answered.

    Its clients are asked, with their next response, to reconnect. Without this, stopping an Envoy resets its
    connections, requests in progress included.
    """
    for page in ("/drain_listeners", "/healthcheck/fail"):
        with contextlib.suppress(OSError, http.client.HTTPException):  # a hung Envoy cannot drain
            fetch(admin_port, page, method="POST")
    start = time.monotonic()
    while (statistics := _statistics(admin_port))[_CONNECTIONS]:
        timeout = _BUSY_TIMEOUT if statistics[_REQUESTS] else _IDLE_TIMEOUT
        if time.monotonic() > start + timeout:
            return
        time.sleep(_POLL)


def _statistics(admin_port: int) -> Mapping[str, int]:
    """Return the sums over all listeners, or zeros if Envoy does not answer."""
    sums = {_CONNECTIONS: 0, _REQUESTS: 0, _KEY_SETS: 0}
    try:
        _, body = fetch(admin_port, f"/stats?format=json&filter=^http\\..*\\.({'|'.join(sums)})$")
        for entry in json.loads(body)["stats"]:
            if not entry["name"].startswith(_NOT_COUNTED):
                sums[entry["name"].rpartition(".")[2]] += entry["value"]
    except (OSError, http.client.HTTPException, ValueError):
        pass
    return sums
