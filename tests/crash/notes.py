"""What a service under test and the test tell each other: two files, which outlive the service's process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.support.waiting import wait_until

_START = "start"
Passed = tuple[str, str, int]


class Notes:
    """The notes of one service: which boundaries it has passed, and at which of them it shall die."""

    def __init__(self, folder: Path, service: str) -> None:
        self._passed = folder / f"{service}.passed"
        self._fate = folder / f"{service}.fate"

    def begin(self) -> None:
        """The service's process begins."""
        self._append(_START)

    def note(self, trace: str, where: str, effect: str, turn: int) -> None:
        """The service passes a boundary; `trace` is that of the order it works for, if any."""
        self._append("\t".join((trace, where, effect, str(turn))))

    def passed(self, trace: str) -> list[Passed]:
        """What the present process has passed since it began to work for an order, each boundary once."""
        lines = _lines(self._passed)
        begin = max((place for place, line in enumerate(lines) if line == _START), default=0)
        noted = [line.split("\t") for line in lines[begin + 1 :]]
        first = next((place for place, line in enumerate(noted) if line[0] == trace), len(noted))
        found = (
            (where, effect, int(turn)) for told, where, effect, turn in noted[first:] if told in (trace, "")
        )
        return list(dict.fromkeys(found))

    def doom(self, trace: str, boundaries: Sequence[str]) -> None:
        """The service shall die at the first of these boundaries; once it is back, at the next one; and so on."""
        self._write([f"{trace}\t{boundary}" for boundary in boundaries])

    def fate(self) -> tuple[str, str]:
        """The trace of an order and the boundary at which to die while working for it; empty where all is well."""
        trace, _, boundary = next(iter(_lines(self._fate)), "").partition("\t")
        return trace, boundary

    def fulfil(self) -> None:
        """The service dies now."""
        self._write(_lines(self._fate)[1:])

    def wait_until_fulfilled(self, seconds: float) -> bool:
        """Whether the service dies as often as it shall within so many seconds; it is spared afterwards."""
        try:
            wait_until(lambda: not self._fate.exists(), seconds)
        except AssertionError:
            self._write([])
            return False
        return True

    def _append(self, line: str) -> None:
        with self._passed.open("a") as file:
            file.write(f"{line}\n")

    def _write(self, fate: Sequence[str]) -> None:
        if fate:
            written = self._fate.with_suffix(".new")
            written.write_text("\n".join(fate))
            written.rename(self._fate)  # replacing files is what services do, and has a hook
        else:
            self._fate.unlink(missing_ok=True)


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except FileNotFoundError:
        return []
