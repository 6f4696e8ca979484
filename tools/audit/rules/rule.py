"""What a rule is, what it reports, and how it formats amounts and counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tools.audit.snapshot import Snapshot

Problem = tuple[str, str]  # the id that is affected, and what is wrong with it


@dataclass(frozen=True)
class Violation:
    """A broken rule. The same problem has the same `text` in every reading, so the text contains no times."""

    rule: str
    id: str
    text: str


@dataclass(frozen=True)
class Rule:
    """An invariant: `check` yields its violations in a snapshot, `summary` the expected and the actual figures."""

    name: str
    check: Callable[[Snapshot], Iterable[Problem]]
    summary: Callable[[Snapshot], tuple[str, str]]

    def violations(self, snapshot: Snapshot) -> list[Violation]:
        """All violations, sorted by id."""
        return [Violation(self.name, id_, text) for id_, text in sorted(self.check(snapshot))]


def dollars(cents: int) -> str:
    """1999 -> $19.99."""
    return f"{'-' if cents < 0 else ''}${abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def count(number: int, one: str, many: str = "") -> str:
    """1 order, 2,000 orders."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
