"""Reads and judges until what is wrong has stood long enough to be no matter of time."""

from __future__ import annotations

import time
from collections.abc import Callable

from tools.audit.books import Books
from tools.audit.reading import read
from tools.audit.report import Report, Row
from tools.audit.rules import RULES, Finding
from tools.audit.stores import Stores

_PAUSE = 0.5  # seconds between two readings


def _silent(_text: str) -> None:
    """For those who show no progress."""


def audit(stores: Stores, patience: float = 10.0, tell: Callable[[str], None] = _silent) -> Report:
    """Compares all books. Raises CannotRead.

    The market may be running: events, mails and steps may be on their way. A finding counts only if it was in every
    reading for `patience` seconds; so this takes as long where something is wrong, and twice as long at most.
    """
    return watch(lambda: read(stores), patience, tell)


def watch(
    look: Callable[[], Books],
    patience: float,
    tell: Callable[[str], None] = _silent,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> Report:
    """As `audit`, of the books that `look` reads."""
    started, since = clock(), dict[Finding, float]()
    while True:
        now = clock()
        books = look()
        found = [finding for rule in RULES for finding in rule.findings(books)]
        since = {finding: since.get(finding, now) for finding in found}
        proved = [finding for finding, first in since.items() if now - first >= patience]
        if len(proved) == len(since) or now - started >= 2 * patience:
            return _report(books, proved, len(since) - len(proved))
        tell(f"{len(since)} findings, which may be a matter of time: reading again")
        pause(_PAUSE)


def _report(books: Books, findings: list[Finding], on_their_way: int) -> Report:
    rows = [Row(rule.name, *rule.sides(books)) for rule in RULES]
    return Report(findings, rows, on_their_way)
