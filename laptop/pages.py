"""Pages for machines, such as /readyz: who has them, and why whoever has them is not ready."""

from __future__ import annotations

import http.client
import json

from laptop.ports import HOST

READY = ""
_TIMEOUT = 2.0  # seconds


def problem(port: int, path: str) -> str:
    """Why the page on this port does not say 200, in a few words; `READY` (nothing) if it does."""
    try:
        status, body = ask(port, path)
    except ConnectionRefusedError:
        return "not listening"
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    return READY if status == 200 else _reason(body)


def ask(port: int, path: str, method: str = "GET") -> tuple[int, bytes]:
    """The status and body of a page. Raises `OSError` or `HTTPException` where there is no answer."""
    connection = http.client.HTTPConnection(HOST, port, timeout=_TIMEOUT)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _reason(body: bytes) -> str:
    """What the page says is wrong; the checks of a service by name, or the page as it is."""
    try:
        checks = json.loads(body)
        reasons = [f"{name}: {text}" for name, text in checks.items() if name != "status"]
    except (ValueError, AttributeError):
        reasons = []
    return ", ".join(reasons) or body.decode(errors="replace").strip()[:200] or "not ready"
