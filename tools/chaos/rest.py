"""Waiting until the market is at rest: nothing on its way, nothing left to do."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from typing import LiteralString

import psycopg

from laptop.environment import Market
from laptop.pages import READY
from laptop.ports import HOST
from laptop.readiness import problem
from laptop.terminal import Progress
from tools.chaos.market import programs

PATIENCE = 150.0  # seconds
_POLL = 0.5  # seconds
_QUIET_LOOKS = 3  # one after the other: what is on its way between two stores is in none of them at one look
_SHOWN = 10  # ids

# What is to be done still: the words for it, the database, and the ids.
_WAITING: tuple[tuple[str, str, LiteralString], ...] = (
    ("orders with a step left", "orders", "SELECT id || ' ' || next_step FROM orders WHERE next_step <> ''"),
    ("events in the outbox of orders", "orders", "SELECT id FROM outbox"),
    ("events in the outbox of shipping", "shipping", "SELECT id FROM outbox"),
    ("mails that wait", "notifications", "SELECT event_id FROM emails WHERE state = 'waiting'"),
)  # fmt: skip


def wait_for_rest(market: Market, progress: Progress) -> list[str]:
    """Wait until all is done; what is not after so many seconds, in words."""
    deadline, quiet = time.monotonic() + PATIENCE, 0
    while True:
        left = list(_not_ready(market)) or list(_left_to_do(market))
        quiet = 0 if left else quiet + 1
        if quiet >= _QUIET_LOOKS or time.monotonic() > deadline:
            return left
        progress.show("waiting for " + "; ".join(left))
        time.sleep(_POLL)


def _not_ready(market: Market) -> Iterator[str]:
    for name in programs(market.services, mesh=market.mesh):
        reason = problem(market, name)
        if reason != READY:
            yield f"{name}: {reason}"


def _left_to_do(market: Market) -> Iterator[str]:
    try:
        for words, service, statement in _WAITING:
            with psycopg.connect(market.database_url("postgres", service)) as connection:
                yield from _described(words, [row[0] for row in connection.execute(statement).fetchall()])
        yield from _described("consumers with events left", _busy_consumers(market))
    except (psycopg.Error, OSError) as error:
        yield str(error)


def _busy_consumers(market: Market) -> list[str]:
    address = f"http://{HOST}:{market.ports.nats_monitoring}/jsz?consumers=true"
    with urllib.request.urlopen(address, timeout=5) as answer:
        status = json.load(answer)
    accounts = status.get("account_details") or []
    streams = [stream for account in accounts for stream in account.get("stream_detail") or []]
    return [
        f"{consumer['name']} ({consumer['num_pending']} to take, {consumer['num_ack_pending']} in hand)"
        for stream in streams
        for consumer in stream.get("consumer_detail") or []
        if consumer["num_pending"] or consumer["num_ack_pending"]
    ]


def _described(words: str, ids: list[str]) -> Iterator[str]:
    if ids:
        more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
        yield f"{len(ids)} {words}: {', '.join(ids[:_SHOWN])}{more}"
