"""Read and check all stores repeatedly, until every difference is gone or has lasted for the grace period."""

from __future__ import annotations

import time
from collections.abc import Callable

from tools.audit.reader import read
from tools.audit.report import Report, Row
from tools.audit.rules import RULES, Violation
from tools.audit.snapshot import Snapshot
from tools.audit.stores import Stores

_PAUSE = 0.5  # seconds between two readings


def _ignore(_text: str) -> None:
    """Show no progress."""


def run(stores: Stores, grace: float = 10.0, progress: Callable[[str], None] = _ignore) -> Report:
    """Compare all stores. Raises StoreError if one cannot be read.

    The stack may be in use: stores are read one after the other, and events, emails and steps may be under way between
    them. So a violation counts only if every reading of `grace` seconds has found it. Returns at once if there is no
    violation, after `grace` seconds if there is a lasting one, and after twice as long at most. `progress` is called
    with a line of text between two readings.
    """
    return watch(lambda: read(stores), grace, progress)


def watch(
    take_snapshot: Callable[[], Snapshot],
    grace: float,
    progress: Callable[[str], None] = _ignore,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Report:
    """Do the same as `run` with the snapshots that `take_snapshot` returns."""
    started, since = clock(), dict[Violation, float]()
    while True:
        now = clock()
        snapshot = take_snapshot()
        found = [violation for rule in RULES for violation in rule.violations(snapshot)]
        # A violation that disappears and comes back starts again.
        since = {violation: since.get(violation, now) for violation in found}
        lasting = [violation for violation, first in since.items() if now - first >= grace]
        if len(lasting) == len(since) or now - started >= 2 * grace:
            rows = [Row(rule.name, *rule.summary(snapshot)) for rule in RULES]
            return Report(lasting, rows, transient=len(since) - len(lasting))
        progress(f"{len(since)} differences, which may be transient: reading again")
        sleep(_PAUSE)
