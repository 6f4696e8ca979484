"""Talking to a running gateway through Envoy's admin interface."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping

from laptop import gateway, pages
from laptop.environment import Market
from laptop.pages import READY

_OPEN, _BUSY = "http.market.downstream_cx_active", "http.market.downstream_rq_active"
_KEYS = "http.market.jwt_authn.jwks_fetch_success"
_IDLE_SECONDS = 2.0  # for connections on which nothing more may come
_BUSY_SECONDS = 25.0  # for requests: longer than any route allows
_POLL = 0.02  # seconds


def problem(market: Market, port: int) -> str:
    """Why the Envoy with this admin port cannot do a gateway's work; `READY` (nothing) if it can."""
    if why := pages.problem(port, "/ready"):
        return why
    if _numbers(port).get(_KEYS, 0) < gateway.key_sets(market):
        return "it has no keys yet to check tokens with"
    return READY


def drain(port: int) -> None:
    """Have the Envoy with this admin port take no more connections; returns when the last request is answered.

    Who is connected is told to connect anew with the next answer. An Envoy that is stopped without this cuts
    whatever it has in hand.
    """
    for page in ("/drain_listeners", "/healthcheck/fail"):
        pages.ask(port, page, method="POST")
    began = time.monotonic()
    while (numbers := _numbers(port)).get(_OPEN, 0):
        patience = _BUSY_SECONDS if numbers.get(_BUSY, 0) else _IDLE_SECONDS
        if time.monotonic() > began + patience:
            return
        time.sleep(_POLL)


def _numbers(port: int) -> Mapping[str, int]:
    try:
        _, body = pages.ask(port, f"/stats?format=json&filter=^({_OPEN}|{_BUSY}|{_KEYS})$")
        return {entry["name"]: entry["value"] for entry in json.loads(body)["stats"]}
    except (OSError, http.client.HTTPException, ValueError):
        return {}
