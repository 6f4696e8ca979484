"""Talking to a running Envoy, the gateway or a sidecar, through its admin interface."""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from collections.abc import Mapping

from laptop import pages, sidecars
from laptop.environment import Market
from laptop.pages import READY
from laptop.ports import HOST

_OPEN, _BUSY, _KEYS = "downstream_cx_active", "downstream_rq_active", "jwks_fetch_success"
_NOT_SERVED = ("http.admin.", "http.metrics.")  # connections of those who only look
_IDLE_SECONDS = 2.0  # for connections on which nothing more may come
_BUSY_SECONDS = 25.0  # for requests: longer than any route allows
_POLL = 0.02  # seconds


def admin_port(market: Market, name: str) -> int | None:
    """The admin port of the gateway or of a sidecar; None for a program that is no Envoy."""
    if name == "gateway":
        return market.ports.gateway_admin
    service = sidecars.service_beside(name)
    return market.ports.sidecar_admin(service) if service else None


def at_admin_port(port: int) -> list[str]:
    """What to add to the command line for a second Envoy beside the first."""
    address = {"socket_address": {"address": HOST, "port_value": port}}
    return ["--config-yaml", json.dumps({"admin": {"address": address}})]


def problem(port: int, key_sets: int = 0) -> str:
    """Why the Envoy with this admin port cannot do its work; `READY` (nothing) if it can.

    ``key_sets`` is how many sets of keys it must have, to check tokens with.
    """
    if why := pages.problem(port, "/ready"):
        return why
    if key_sets and _numbers(port)[_KEYS] < key_sets:
        return "it has no keys yet to check tokens with"
    return READY


def drain(port: int) -> None:
    """Have the Envoy with this admin port take no more connections; returns when the last request is answered.

    Who is connected is told to connect anew with the next answer. An Envoy that is stopped without this cuts
    whatever it has in hand.
    """
    for page in ("/drain_listeners", "/healthcheck/fail"):
        with contextlib.suppress(
            OSError, http.client.HTTPException
        ):  # one that is stuck has nothing to end well
            pages.ask(port, page, method="POST")
    began = time.monotonic()
    while (numbers := _numbers(port))[_OPEN]:
        patience = _BUSY_SECONDS if numbers[_BUSY] else _IDLE_SECONDS
        if time.monotonic() > began + patience:
            return
        time.sleep(_POLL)


def _numbers(port: int) -> Mapping[str, int]:
    """The sums over all that it serves; zeros where it does not answer."""
    sums = {_OPEN: 0, _BUSY: 0, _KEYS: 0}
    try:
        _, body = pages.ask(port, f"/stats?format=json&filter=^http\\..*\\.({'|'.join(sums)})$")
        for entry in json.loads(body)["stats"]:
            if not entry["name"].startswith(_NOT_SERVED):
                sums[entry["name"].rpartition(".")[2]] += entry["value"]
    except (OSError, http.client.HTTPException, ValueError):
        pass
    return sums
