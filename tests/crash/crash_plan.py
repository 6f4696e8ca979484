"""The files that a worker and the test exchange. They outlive the worker's process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.support.waiting import wait_until

_START = "start"
Record = tuple[str, str, int]  # place, effect and occurrence of a boundary


class BoundaryLog:
    """The boundaries that one service has reached."""

    def __init__(self, folder: Path, service: str) -> None:
        self._file = folder / f"{service}.boundaries"

    def start(self) -> None:
        """Mark the start of the service's process."""
        self._append(_START)

    def record(self, trace: str, place: str, effect: str, occurrence: int) -> None:
        """Append a boundary; `trace` is that of the order, empty in background work."""
        self._append("\t".join((trace, place, effect, str(occurrence))))

    def records(self, trace: str) -> list[Record]:
        """The boundaries that the current process has reached since it first worked for an order, each once."""
        lines = _lines(self._file)
        start = max((number for number, line in enumerate(lines) if line == _START), default=0)
        fields = [line.split("\t") for line in lines[start + 1 :]]
        first = next((number for number, line in enumerate(fields) if line[0] == trace), len(fields))
        found = (
            (place, effect, int(occurrence))
            for recorded, place, effect, occurrence in fields[first:]
            if recorded in (trace, "")
        )
        return list(dict.fromkeys(found))

    def _append(self, line: str) -> None:
        with self._file.open("a") as file:
            file.write(f"{line}\n")


class CrashPlan:
    """The boundaries at which one service has to crash."""

    def __init__(self, folder: Path, service: str) -> None:
        self._file = folder / f"{service}.crash-plan"

    def set(self, trace: str, boundaries: Sequence[str]) -> None:
        """Crash at the first of these boundaries, after the restart at the second one, and so on."""
        self._write([f"{trace}\t{boundary}" for boundary in boundaries])

    def next(self) -> tuple[str, str]:
        """The trace of the order and the boundary of the next crash; both are empty if there is none."""
        trace, _, boundary = next(iter(_lines(self._file)), "").partition("\t")
        return trace, boundary

    def complete_next(self) -> None:
        """Remove the next crash from the plan."""
        self._write(_lines(self._file)[1:])

    def wait_until_complete(self, timeout: float) -> bool:
        """Return whether all crashes have happened within `timeout` seconds. The plan is empty afterwards."""
        try:
            wait_until(lambda: not self._file.exists(), timeout)
        except AssertionError:
            self._write([])
            return False
        return True

    def _write(self, lines: Sequence[str]) -> None:
        if lines:
            new = self._file.with_suffix(".new")
            new.write_text("\n".join(lines))
            new.rename(self._file)  # not os.replace: it has a hook, because services use it
        else:
            self._file.unlink(missing_ok=True)


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except FileNotFoundError:
        return []
