"""The table: what was done to the market, and how it answered meanwhile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from laptop.terminal import table
from tools.chaos.client import Exchange
from tools.chaos.findings import Finding
from tools.chaos.injection import Force
from tools.chaos.judging import Judgement, Verdict
from tools.chaos.schedule import Fault, Kind

NO_FAULT = "(no fault)"
_HEADINGS = ("FAULT", "INJECTED", "TRIED", "WELL", "CLEAR ERROR", "UNANSWERED", "FINDINGS")
_COLUMNS = (Verdict.WELL, Verdict.CLEAR_ERROR, Verdict.UNANSWERED, Verdict.FINDING)


def _hits_the_gateway(fault: Fault) -> bool:
    return fault.target == "gateway"


def _hits_who_answers(fault: Fault) -> bool:
    return fault.target.startswith("gateway") or fault.kind in (Kind.KILL, Kind.STOP)


_EXCUSES: Mapping[Verdict, Callable[[Fault], bool]] = {
    Verdict.UNANSWERED: _hits_the_gateway,
    Verdict.LATE: _hits_the_gateway,
    Verdict.BROKE_OFF: _hits_who_answers,
}


@dataclass(frozen=True)
class Judged:
    """A request with its final verdict, and the faults that were in force meanwhile."""

    exchange: Exchange
    verdict: Verdict
    trouble: str
    faults: Sequence[Fault]

    @property
    def finding(self) -> Finding | None:
        """The request as a finding, if it is one."""
        if self.verdict is not Verdict.FINDING:
            return None
        exchange = self.exchange
        faults = ", ".join(f"{fault.kind} {fault.target}" for fault in self.faults) or NO_FAULT
        where = f"{exchange.method} {exchange.path} after {exchange.seconds:.1f} s, {faults}, id {exchange.id or '-'}"
        return Finding(self.trouble, where)


@dataclass
class Row:
    """What happened under one group of faults."""

    injected: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter)


def judged_at_last(exchange: Exchange, judgement: Judgement, forces: Sequence[Force]) -> Judged:
    """A request without an answer, or with a late one, is a finding unless the gateway itself was the victim.

    An answer that broke off may also be the fault of who answered: what has been sent cannot be taken back.
    """
    met = [force.fault for force in forces if force.begun < exchange.ended and force.ended > exchange.sent]
    verdict, trouble = judgement.verdict, judgement.trouble
    if verdict in _EXCUSES:
        is_excused = any(_EXCUSES[verdict](fault) for fault in met)
        verdict = Verdict.UNANSWERED if is_excused else Verdict.FINDING
    return Judged(exchange, verdict, trouble, met)


def rows(judged: Iterable[Judged], forces: Iterable[Force]) -> dict[str, Row]:
    """Each request, counted for every group of faults that it met."""
    found: dict[str, Row] = {}
    for force in forces:
        found.setdefault(group(force.fault), Row()).injected += 1
    for one in judged:
        for name in {group(fault) for fault in one.faults} or {NO_FAULT}:
            found.setdefault(name, Row()).verdicts[one.verdict] += 1
    return found


def group(fault: Fault) -> str:
    """The row that a fault belongs to; ways are grouped by their ends."""
    caller, way, callee = fault.target.partition(" -> ")
    if not way:
        return f"{fault.kind} {fault.target}"
    if callee not in ("postgres", "nats", "bank"):
        callee = "service"
    return f"{fault.kind} {'gateway' if caller == 'gateway' else 'service'} -> {callee}"


def shown(found: dict[str, Row]) -> str:
    """The rows for people, in the order of the kinds, those without a fault first."""
    kinds = [NO_FAULT, *sorted(Kind, key=len, reverse=True)]

    def place(name: str) -> tuple[int, str]:
        kind = next(kind for kind in kinds if name.startswith(kind))
        return ([NO_FAULT, *Kind].index(kind), name)

    return table(_HEADINGS, [_cells(name, found[name]) for name in sorted(found, key=place)])


def _cells(name: str, row: Row) -> tuple[str, ...]:
    counts = (str(row.verdicts[verdict]) for verdict in _COLUMNS)
    return (name, str(row.injected) if row.injected else "", str(row.verdicts.total()), *counts)
