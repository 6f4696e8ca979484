"""Whether the parts of the market can do their work."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable

from laptop import nats, postgres
from laptop.environment import Market
from laptop.ports import HOST
from laptop.server_data import data_folder

_TIMEOUT = 2.0  # seconds

READY = ""


def problem(market: Market, name: str) -> str:
    """Why a part of the market is not ready, in a few words; `READY` (nothing) if it is."""
    checks: dict[str, Callable[[], str]] = {
        "postgres": lambda: (
            READY if postgres.accepts_connections(data_folder(market.home)) else "not accepting"
        ),
        "nats": lambda: READY if nats.accepts_connections(market.ports.nats) else "not accepting",
        "gateway": lambda: _page(market.ports.gateway),
    }
    return checks[name]() if name in checks else _page(market.ports.admin(name))


def _page(port: int) -> str:
    connection = http.client.HTTPConnection(HOST, port, timeout=_TIMEOUT)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        return READY if answer.status == 200 else _reason(answer.read())
    except ConnectionRefusedError:
        return "not listening"
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
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
