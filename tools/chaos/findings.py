"""What must not be: findings, in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

_EXAMPLES = 5


@dataclass(frozen=True)
class Finding:
    """Something that must not be: what it is, the same for all of its kind, and where it was seen."""

    what: str
    where: str

    def __str__(self) -> str:
        return f"{self.what}: {self.where}"


def listed(findings: Iterable[Finding]) -> str:
    """Findings for people: each kind with how often, and where, a few times."""
    places: dict[str, list[str]] = defaultdict(list)
    for finding in findings:
        places[finding.what].append(finding.where)
    lines = []
    for what, wheres in sorted(places.items(), key=lambda item: -len(item[1])):
        lines.append(f"{len(wheres)} x {what}")
        lines += [f"    {where}" for where in wheres[:_EXAMPLES]]
    return "\n".join(lines)
