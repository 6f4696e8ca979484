"""The result of an audit, and its text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tabulate import tabulate

from tools.audit.rules import Violation

_MAX_SHOWN = 10  # violations per rule, unless all are requested


@dataclass(frozen=True)
class Row:
    """The figures that one rule has compared."""

    rule: str
    expected: str
    found: str


@dataclass(frozen=True)
class Report:
    """The result of an audit.

    `transient` is the number of differences that had not lasted for the grace period when the audit ended.
    """

    violations: list[Violation]
    rows: Sequence[Row]
    transient: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether no rule is violated."""
        return not self.violations

    def table(self) -> str:
        """One line per rule: what was compared, and whether it agrees."""
        rows = [(row.rule, row.expected, row.found, self._verdict(row.rule)) for row in self.rows]
        headings = ("compared", "expected", "found", "")
        text: str = tabulate([headings, *rows], tablefmt="plain", disable_numparse=True)
        return "\n".join(line.rstrip() for line in text.splitlines())

    def details(self, show_all: bool = False) -> str:
        """The violations by rule, with the ids that are affected: ten per rule, or all."""
        blocks = []
        for rule in dict.fromkeys(violation.rule for violation in self.violations):
            found = self._of(rule)
            shown = found if show_all else found[:_MAX_SHOWN]
            lines = [f"  {violation.id}: {violation.text}" for violation in shown]
            if len(found) > len(shown):
                lines.append(f"  and {len(found) - len(shown)} more: make audit V=1")
            blocks.append("\n".join([rule, *lines]))
        return "\n\n".join(blocks)

    def text(self, show_all: bool = False) -> str:
        """The whole report: the table, and the violations if there are any."""
        parts = [self.table()]
        if self.transient:
            parts.append(
                f"{self.transient:,} more differences may be transient, because the stack is in use.\n"
                "To check them as well, run the audit again when the stack is idle."
            )
        parts.append("Nothing is lost." if self.is_clean else self.details(show_all))
        return "\n\n".join(parts)

    def _of(self, rule: str) -> list[Violation]:
        return [violation for violation in self.violations if violation.rule == rule]

    def _verdict(self, rule: str) -> str:
        number = len(self._of(rule))
        return f"{number:,} wrong" if number else "ok"
