"""Verification after the faults: wait until the stack is idle, then check requests, purchases and stores."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import LiteralString

import psycopg
import requests

from laptop.ports import HOST
from laptop.stack import Stack
from laptop.status import problem
from laptop.terminal import Progress
from tools import audit
from tools.chaos.classify import Verdict, classify
from tools.chaos.exchanges import Exchange, http_client
from tools.chaos.injector import ActiveFault
from tools.chaos.invariants import Order, Orders, Violation
from tools.chaos.schedule import Fault
from tools.chaos.stack import program_names

IDLE_TIMEOUT = 150.0  # seconds
_POLL = 0.5  # seconds
_IDLE_CHECKS = 3  # in a row: work that is on its way between two stores is in neither of them at one check
_MAX_IDS = 10

# What is left to do: a description, the database, and a query for the ids.
_PENDING_WORK: tuple[tuple[str, str, LiteralString], ...] = (
    ("orders with a pending step", "orders", "SELECT id || ' ' || next_step FROM orders WHERE next_step <> ''"),
    ("events in the outbox of orders", "orders", "SELECT id FROM outbox"),
    ("events in the outbox of shipping", "shipping", "SELECT id FROM outbox"),
    ("pending emails", "notifications", "SELECT event_id FROM emails WHERE state = 'waiting'"),
)  # fmt: skip


def wait_until_idle(stack: Stack, progress: Progress) -> list[str]:
    """Wait until the stack is ready and has no work left. Return descriptions of what is left after the timeout."""
    deadline, idle_checks = time.monotonic() + IDLE_TIMEOUT, 0
    while True:
        pending = list(_not_ready(stack)) or list(_pending_work(stack))
        idle_checks = 0 if pending else idle_checks + 1
        if idle_checks >= _IDLE_CHECKS or time.monotonic() > deadline:
            return pending
        progress.show("waiting for " + "; ".join(pending))
        time.sleep(_POLL)


def _not_ready(stack: Stack) -> Iterator[str]:
    for name in program_names(stack.services, mesh=stack.mesh):
        if reason := problem(stack, name):
            yield f"{name}: {reason}"


def _pending_work(stack: Stack) -> Iterator[str]:
    try:
        for description, service, query in _PENDING_WORK:
            with psycopg.connect(stack.database_url("postgres", service)) as connection:
                yield from _described(description, [row[0] for row in connection.execute(query).fetchall()])
        yield from _described("consumers with pending events", _busy_consumers(stack))
    except (psycopg.Error, requests.RequestException) as error:
        yield str(error)


def _busy_consumers(stack: Stack) -> list[str]:
    with http_client() as client:
        url = f"http://{HOST}:{stack.ports.nats_monitoring}/jsz?consumers=true"
        accounts = client.get(url, timeout=5).json().get("account_details") or []
    streams = [stream for account in accounts for stream in account.get("stream_detail") or []]
    return [
        f"{consumer['name']} ({consumer['num_pending']} pending, {consumer['num_ack_pending']} unacknowledged)"
        for stream in streams
        for consumer in stream.get("consumer_detail") or []
        if consumer["num_pending"] or consumer["num_ack_pending"]
    ]


def _described(description: str, ids: list[str]) -> Iterator[str]:
    if ids:
        more = f" and {len(ids) - _MAX_IDS} more" if len(ids) > _MAX_IDS else ""
        yield f"{len(ids)} {description}: {', '.join(ids[:_MAX_IDS])}{more}"


def read_orders(stack: Stack) -> Orders:
    """Read all orders from the database."""
    query = "SELECT account_id, idempotency_key, id, state, coalesce(rejection->>'reason', '') FROM orders"
    with psycopg.connect(stack.database_url("postgres", "orders")) as connection:
        rows = connection.execute(query).fetchall()
    return {(account, key): Order(id, state, reason) for account, key, id, state, reason in rows}


def run_audit(stack: Stack) -> tuple[audit.Report | None, list[Violation]]:
    """Return the audit's report and its violations. The report is None if a store cannot be read."""
    try:
        report = audit.run(audit.Stores.of_folder(stack.state_dir.path))
    except audit.StoreError as error:
        return None, [Violation("the audit cannot read a store", str(error))]
    return report, [Violation(f"audit: {one.rule}", f"{one.id}: {one.text}") for one in report.violations]


@dataclass(frozen=True)
class VerifiedExchange:
    """An exchange with its verdict, and the faults that were active during it."""

    exchange: Exchange
    faults: Sequence[Fault]
    verdict: Verdict
    problem: str

    @property
    def violation(self) -> Violation | None:
        """The violation, if there is one."""
        if self.verdict is not Verdict.VIOLATION:
            return None
        exchange = self.exchange
        request = f"{exchange.method} {exchange.path} after {exchange.ended - exchange.sent:.1f} s"
        faults = ", ".join(map(str, self.faults)) or "no fault"
        return Violation(
            self.problem, f"{request}, {faults}, request id {exchange.headers.get('X-Request-Id', '-')}"
        )


def verify_exchange(exchange: Exchange, log: Sequence[ActiveFault]) -> VerifiedExchange:
    """Classify the exchange, given the faults that were active during it."""
    faults = [entry.fault for entry in log if entry.start < exchange.ended and entry.end > exchange.sent]
    return VerifiedExchange(exchange, faults, *classify(exchange, faults))
