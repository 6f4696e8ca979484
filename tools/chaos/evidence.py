"""What a run has seen, kept beside the market's logs for whoever looks for the cause of a finding."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from tools.chaos.running import Outcome


def keep(outcome: Outcome, folder: Path) -> None:
    """Write every fault and every request into files of JSON lines, with the times of the market's logs."""
    moment = _clock()
    _write(
        folder / "faults.jsonl",
        (
            {"begun": moment(force.begun), "ended": moment(force.ended), "kind": force.fault.kind,
             "target": force.fault.target, "start": force.fault.start, "duration": force.fault.duration}
            for force in outcome.forces
        ),
    )  # fmt: skip
    _write(
        folder / "requests.jsonl",
        (
            {"sent": moment(one.exchange.sent), "seconds": round(one.exchange.seconds, 3),
             "request": f"{one.exchange.method} {one.exchange.path}", "status": one.exchange.status,
             "id": one.exchange.id, "failure": one.exchange.failure, "verdict": one.verdict, "trouble": one.trouble,
             "faults": [f"{fault.kind} {fault.target}" for fault in one.faults],
             "body": one.exchange.body[:2000].decode(errors="replace")}
            for one in sorted(outcome.requests, key=lambda judged: judged.exchange.sent)
        ),
    )  # fmt: skip


def _write(file: Path, entries: Iterable[dict[str, object]]) -> None:
    file.write_text("".join(json.dumps(entry) + "\n" for entry in entries))


def _clock() -> Callable[[float], str]:
    began = time.time() - time.monotonic()
    return lambda moment: datetime.fromtimestamp(began + moment, UTC).isoformat(timespec="milliseconds")
