"""Whether the parts of the market can do their work."""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Callable

from laptop import nats, postgres
from laptop.environment import Market
from laptop.ports import HOST
from laptop.server_data import data_folder

_TIMEOUT = 2.0  # seconds

READY = ""


def _forged_token() -> str:
    far_future = 2**32
    claims = {"iss": "night-market", "aud": "night-market", "sub": "nobody", "exp": far_future}
    parts = (json.dumps(part).encode() for part in ({"alg": "ES256", "kid": "none"}, claims))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (*parts, bytes(64)))


_FORGED_TOKEN = _forged_token()


def problem(market: Market, name: str) -> str:
    """Why a part of the market is not ready, in a few words; `READY` (nothing) if it is."""
    checks: dict[str, Callable[[], str]] = {
        "postgres": lambda: (
            READY if postgres.accepts_connections(data_folder(market.home)) else "not accepting"
        ),
        "nats": lambda: READY if nats.accepts_connections(market.ports.nats) else "not accepting",
        "gateway": lambda: _page(market.ports.gateway) or _tokens(market.ports.gateway),
    }
    return checks[name]() if name in checks else _page(market.ports.admin(name))


def _page(port: int) -> str:
    try:
        status, body = _get(port, "/readyz", {})
    except ConnectionRefusedError:
        return "not listening"
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    return READY if status == 200 else _reason(body)


def _tokens(gateway: int) -> str:
    """Whether the gateway has keys to check tokens with. With them, it refuses a forged one with 401."""
    try:
        status, _ = _get(gateway, "/api/v1/cart", {"Authorization": f"Bearer {_FORGED_TOKEN}"})
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    return READY if status == 401 else "it has no keys yet to check tokens with"


def _get(port: int, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(HOST, port, timeout=_TIMEOUT)
    try:
        connection.request("GET", path, headers=headers)
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
