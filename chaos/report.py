"""The table: what was done to the market, and how it answered meanwhile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from chaos.client import Exchange
from chaos.injection import Force
from chaos.judging import Judgement, Verdict
from chaos.schedule import Fault
from laptop.terminal import table

NO_FAULT = "(no fault)"
_HEADINGS = ("FAULT", "INJECTED", "TRIED", "WELL", "CLEAR ERROR", "UNANSWERED", "FINDINGS")


@dataclass
class Row:
    """What happened under one kind of fault."""

    injected: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter)


@dataclass
class Tally:
    """All rows by their name, and the findings in words."""

    rows: dict[str, Row] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)

    def text(self) -> str:
        """The table for people."""
        return table(_HEADINGS, [_cells(name, row) for name, row in sorted(self.rows.items())])


def tally(exchanges: Iterable[tuple[Exchange, Judgement]], forces: Sequence[Force]) -> Tally:
    """Count every exchange for each fault that was in force between its request and its answer."""
    found = Tally()
    for force in forces:
        found.rows.setdefault(group(force.fault), Row()).injected += 1
    for exchange, judgement in exchanges:
        met = [force for force in forces if force.begun < exchange.ended and force.ended > exchange.sent]
        verdict, trouble = _final(judgement, met)
        for name in sorted({group(force.fault) for force in met}) or [NO_FAULT]:
            found.rows.setdefault(name, Row()).verdicts[verdict] += 1
        if verdict is Verdict.FINDING:
            faults = ", ".join(f"{force.fault.kind} {force.fault.target}" for force in met) or "no fault"
            found.findings.append(f"{exchange.request} during {faults}: {trouble}")
    return found


def group(fault: Fault) -> str:
    """The row that a fault belongs to: ways are told apart by where they lead."""
    caller, way, callee = fault.target.partition(" -> ")
    if not way:
        return f"{fault.kind} {caller}"
    if callee not in ("postgres", "nats", "bank"):
        callee = "service"
    return f"{fault.kind} {'gateway' if caller == 'gateway' else 'service'} -> {callee}"


def _final(judgement: Judgement, met: Sequence[Force]) -> tuple[Verdict, str]:
    """A request without an answer, or with a late one, is a finding unless the gateway itself was the victim."""
    if judgement.verdict not in (Verdict.UNANSWERED, Verdict.LATE):
        return judgement.verdict, judgement.trouble
    if any(force.fault.target == "gateway" for force in met):
        return Verdict.UNANSWERED, ""
    return Verdict.FINDING, judgement.trouble


def _cells(name: str, row: Row) -> tuple[str, ...]:
    counts = (
        row.verdicts[v] for v in (Verdict.WELL, Verdict.CLEAR_ERROR, Verdict.UNANSWERED, Verdict.FINDING)
    )
    injected = str(row.injected) if row.injected else "-"
    return (name, injected, str(row.verdicts.total()), *map(str, counts))
