"""What a boundary is: the moment just before a service does something that outlives it, or answers."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from chassis import call
from chassis.testing import eventually

# They stand between a service and its effects; what they do is done for the one who calls them.
_PLUMBING = ("chassis.bus", "chassis.database", "chassis.events", "chassis.grpc_client", "chassis.keyvalue")


@dataclass(frozen=True)
class Boundary:
    """Where the service is in its own code, what it is about to do, and the how manieth time for one order.

    `turn` is 0 for background work that is on behalf of no order.
    """

    where: str
    effect: str
    turn: int

    def __str__(self) -> str:
        return f"{self.where}: {self.effect} {self.turn or ''}".rstrip()


def place(service: str) -> str:
    """The service's own innermost public function on the stack; the chassis's where there is none of its own."""
    frames = list(_frames(sys._getframe(1)))
    for package, left_out in ((service, ()), ("chassis", _PLUMBING)):
        names = [name for module, name in frames if _is_in(module, package) and module not in left_out]
        public = (name for name in names if not name.rpartition(".")[2].startswith(("_", "<")))
        if names:
            return next(public, names[0])
    return "?"


def _frames(frame: FrameType | None) -> Iterator[tuple[str, str]]:
    while frame:
        yield frame.f_globals.get("__name__", ""), frame.f_code.co_qualname
        frame = frame.f_back


def _is_in(module: str, package: str) -> bool:
    return module.startswith(f"{package}.")


class Notes:
    """What a service under test and the test tell each other, in two files that outlive the service.

    An order is known by its trace, which goes with each of its calls and events.
    """

    def __init__(self, folder: Path, service: str) -> None:
        self._passed = folder / f"{service}.passed"
        self._armed = folder / f"{service}.armed"

    def note(self, trace: str, boundary: Boundary) -> None:
        """The service passes a boundary."""
        line = "\t".join((trace, boundary.where, boundary.effect, str(boundary.turn)))
        with self._passed.open("a") as file:
            file.write(line + "\n")

    def passed(self, trace: str) -> list[Boundary]:
        """The boundaries that the service has passed since it began to work for an order, each once."""
        lines = [line.split("\t") for line in self._lines(self._passed)]
        begin = next((place for place, line in enumerate(lines) if line[0] == trace), len(lines))
        found = (
            Boundary(where, effect, int(turn))
            for told, where, effect, turn in lines[begin:]
            if told in (trace, "")
        )
        return list(dict.fromkeys(found))

    def arm(self, trace: str, boundary: Boundary) -> None:
        """The service shall die at this boundary."""
        self._armed.write_text(f"{trace}\t{boundary}")

    def wait_until_died(self, seconds: float) -> bool:
        """Whether the service dies at its boundary within so many seconds; it is spared afterwards."""
        try:
            eventually(lambda: not self._armed.exists(), seconds)
            return True
        except AssertionError:
            self.disarm()
            return False

    def disarm(self) -> None:
        """Nobody shall die, or die again."""
        self._armed.unlink(missing_ok=True)

    def armed(self) -> tuple[str, str] | None:
        """The trace of the order, and the boundary at which to die."""
        for line in self._lines(self._armed):
            trace, _, boundary = line.partition("\t")
            return trace, boundary
        return None

    @staticmethod
    def _lines(file: Path) -> list[str]:
        try:
            return file.read_text().splitlines()
        except FileNotFoundError:
            return []


class Watch:
    """Is told by the hooks of each boundary that its service reaches; notes it, or kills the process there."""

    def __init__(self, service: str, notes: Notes) -> None:
        self._service = service
        self._notes = notes
        self._lock = threading.Lock()
        self._turns: Counter[tuple[str, str, str]] = Counter()
        self._begun: set[str] = set()

    def reach(self, effect: str, where: str = "") -> None:
        """The service is about to do this."""
        where = where or place(self._service)
        trace = call.current().trace_id
        with self._lock:
            if trace:
                self._begun.add(trace)
                self._turns[trace, where, effect] += 1
            boundary = Boundary(where, effect, self._turns[trace, where, effect])
            armed = self._notes.armed()
            if armed and armed[0] in self._begun and armed == (trace or armed[0], str(boundary)):
                self._notes.disarm()
                os.kill(os.getpid(), signal.SIGKILL)
            self._notes.note(trace, boundary)
