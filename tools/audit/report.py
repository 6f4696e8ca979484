"""What people see of an audit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from laptop.terminal import table
from tools.audit.rules.findings import Finding

_SHOWN = 10  # findings of a rule, unless all are wanted


@dataclass(frozen=True)
class Row:
    """What one rule has compared."""

    rule: str
    expected: str
    found: str


@dataclass(frozen=True)
class Report:
    """The result: `on_their_way` findings had not stood for long enough to count when patience ended."""

    findings: list[Finding]
    rows: Sequence[Row]
    on_their_way: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether all books agree."""
        return not self.findings

    def of(self, rule: str) -> list[Finding]:
        """The findings of a rule."""
        return [finding for finding in self.findings if finding.rule == rule]

    def table(self) -> str:
        """Each rule in a line: what was compared, and whether it agrees."""
        rows: list[tuple[str, ...]] = []
        for row in self.rows:
            wrong = self.of(row.rule)
            rows.append((row.rule, row.expected, row.found, f"{len(wrong):,} wrong" if wrong else "ok"))
        return table(("compared", "expected", "found", ""), rows)

    def details(self, all_of_them: bool = False) -> str:
        """The findings, rule by rule, with the offending ids; of each rule ten, or all."""
        blocks = []
        for rule in dict.fromkeys(finding.rule for finding in self.findings):
            found = self.of(rule)
            shown = found if all_of_them else found[:_SHOWN]
            lines = [f"  {finding.id}: {finding.text}" for finding in shown]
            if len(found) > len(shown):
                lines.append(f"  and {len(found) - len(shown)} more: make audit V=1")
            blocks.append("\n".join([rule, *lines]))
        return "\n\n".join(blocks)

    def told(self, all_of_them: bool = False) -> str:
        """The whole answer for people: the table, and what is wrong, or that nothing is."""
        parts = [self.table()]
        if self.on_their_way:
            changing = f"{self.on_their_way:,} more differences were a matter of time: the market is busy."
            parts.append(f"{changing}\nFor the whole truth, audit it again when it is quiet.")
        parts.append("Nothing is lost." if self.is_clean else self.details(all_of_them))
        return "\n\n".join(parts)
