"""The report of a run: tables for people, and artifacts for finding the cause of a violation."""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from laptop.terminal import table
from tools.chaos.classify import Verdict
from tools.chaos.injector import ActiveFault
from tools.chaos.invariants import Violation
from tools.chaos.run import Plan, Result
from tools.chaos.schedule import Fault, Kind
from tools.chaos.verification import VerifiedExchange

NO_FAULT = "(none)"
_VERDICTS = (Verdict.OK, Verdict.CLEAR_ERROR, Verdict.NO_RESPONSE, Verdict.VIOLATION)
_HEADINGS = ("ACTIVE FAULT", "INJECTED", "REQUESTS", "OK", "CLEAR ERROR", "NO RESPONSE", "VIOLATIONS")
_MAX_EXAMPLES = 5


def text(result: Result, plan: Plan) -> str:
    """Return the whole report."""
    injected = f"{len(result.faults)} faults injected in {plan.seconds:g} s, seed {plan.seed}"
    outcomes: list[tuple[str, ...]] = [
        (outcome, str(number)) for outcome, number in result.orders.most_common()
    ]
    sections = [
        f"{injected}\n{fault_table(rows(result.exchanges, result.faults))}",
        f"{result.orders.total()} purchases\n{table(('OUTCOME', 'ORDERS'), outcomes)}",
    ]
    if result.audit:
        sections.append(f"Audit\n{result.audit.table()}")
    if result.violations:
        sections.append(f"Violations: {len(result.violations)}\n{list_violations(result.violations)}")
    else:
        sections.append("Violations: none. Nothing was lost, and every request got a clear response.")
    repeat = f"make chaos SEED={plan.seed} MINUTES={plan.seconds / 60:g}{' MESH=1' if plan.mesh else ''}"
    sections.append(f"Run it again: {repeat}{' KEEP=1' if result.violations else ''}")
    return "\n\n".join(sections)


@dataclass
class Row:
    """The requests during one group of faults; ``kind`` is None for those without a fault."""

    kind: Kind | None
    injected: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter)


def rows(exchanges: Iterable[VerifiedExchange], faults: Iterable[ActiveFault]) -> dict[str, Row]:
    """Count every request for each group of faults that was active during it."""
    found: dict[str, Row] = {}
    for entry in faults:
        found.setdefault(group(entry.fault), Row(entry.fault.kind)).injected += 1
    for one in exchanges:
        names = {group(fault) for fault in one.faults}
        for name in names or {NO_FAULT}:
            found.setdefault(name, Row(None)).verdicts[one.verdict] += 1
    return found


def group(fault: Fault) -> str:
    """Return the name of a fault's row. Faults of connections are grouped by caller and callee."""
    caller, arrow, callee = fault.target.partition(" -> ")
    if not arrow:
        return str(fault)
    caller = caller if caller == "gateway" else "service"
    callee = callee if callee in ("postgres", "nats", "bank") else "service"
    return f"{fault.kind} {caller} -> {callee}"


def fault_table(found: Mapping[str, Row]) -> str:
    """Format the rows: first those without a fault, then in the order of `Kind`."""
    order: list[Kind | None] = [None, *Kind]
    names = sorted(found, key=lambda name: (order.index(found[name].kind), name))
    return table(_HEADINGS, [_cells(name, found[name]) for name in names])


def _cells(name: str, row: Row) -> tuple[str, ...]:
    counts = (str(row.verdicts[verdict]) for verdict in _VERDICTS)
    return (name, str(row.injected or ""), str(row.verdicts.total()), *counts)


def list_violations(violations: Iterable[Violation]) -> str:
    """List the violations by kind, the most frequent first, each with some examples."""
    places: dict[str, list[str]] = defaultdict(list)
    for violation in violations:
        places[violation.what].append(violation.where)
    lines = []
    for what, where in sorted(places.items(), key=lambda item: -len(item[1])):
        lines += [f"{len(where)} x {what}", *(f"    {one}" for one in where[:_MAX_EXAMPLES])]
    return "\n".join(lines)


def write_artifacts(result: Result, folder: Path) -> None:
    """Write every fault and every request to JSON lines files, with wall-clock times as in the logs."""
    offset = time.time() - time.monotonic()

    def timestamp(monotonic: float) -> str:
        return datetime.fromtimestamp(offset + monotonic, UTC).isoformat(timespec="milliseconds")

    faults: list[dict[str, object]] = [
        {"start": timestamp(entry.start), "end": timestamp(entry.end), "kind": entry.fault.kind,
         "target": entry.fault.target, "scheduled": entry.fault.start, "duration": entry.fault.duration}
        for entry in result.faults
    ]  # fmt: skip
    requests: list[dict[str, object]] = []
    for one in sorted(result.exchanges, key=lambda one: one.exchange.sent):
        exchange = one.exchange
        requests.append({
            "sent": timestamp(exchange.sent), "seconds": round(exchange.ended - exchange.sent, 3),
            "request": f"{exchange.method} {exchange.path}", "status": exchange.status,
            "request_id": exchange.headers.get("X-Request-Id", ""), "failure": exchange.failure,
            "verdict": one.verdict, "problem": one.problem, "faults": [str(fault) for fault in one.faults],
            "body": exchange.body[:2000].decode(errors="replace"),
        })  # fmt: skip
    for name, entries in (("faults.jsonl", faults), ("requests.jsonl", requests)):
        (folder / name).write_text("".join(json.dumps(entry) + "\n" for entry in entries))
