"""Boundaries: the moments just before a service does something that outlives its process, or answers."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType

from chassis import context
from tests.crash.notes import Notes

# They stand between a service and its effects; what they do is done for the one who calls them.
_PLUMBING = (
    "messaging.nats",
    "chassis.postgres",
    "messaging.events",
    "chassis.grpc_client",
    "cart.keyvalue",
)
ANSWER = "answer"


@dataclass(frozen=True)
class Boundary:
    """Where the service is in its own code, and what it is about to do.

    `turn` counts how often it was there for the same order; 0: background work, on behalf of none.
    """

    where: str
    effect: str
    turn: int

    def __str__(self) -> str:
        return f"{self.where}: {self.effect} {self.turn or ''}".rstrip()


class Watch:
    """Is told by the hooks of each boundary that the service reaches: notes it, or kills the process there.

    An order is known by its trace, which goes with each call and event that is about it. Background work, such as
    the relay's, counts from when the service has begun to work for the order.
    """

    def __init__(self, service: str, notes: Notes) -> None:
        self._service = service
        self._notes = notes
        self._lock = threading.Lock()
        self._turns: Counter[tuple[str, str, str]] = Counter()
        self._begun: set[str] = set()
        notes.begin()

    def reach(self, effect: str, where: str = "") -> None:
        """The service is about to do this."""
        where = where or place(self._service)
        trace = context.current().trace_id
        if effect == ANSWER and not trace:
            return  # somebody has asked for something else
        with self._lock:
            if trace:
                self._begun.add(trace)
                self._turns[trace, where, effect] += 1
            boundary = Boundary(where, effect, self._turns[trace, where, effect])
            doomed, fatal = self._notes.fate()
            if doomed in self._begun and trace in (doomed, "") and str(boundary) == fatal:
                self._notes.fulfil()
                os.kill(os.getpid(), signal.SIGKILL)
            self._notes.note(trace, boundary.where, boundary.effect, boundary.turn)


def place(service: str) -> str:
    """The service's own innermost public function on the stack; one of the chassis where there is none."""
    frames = list(_frames(sys._getframe(1)))
    for package, left_out in ((service, _PLUMBING), ("messaging", _PLUMBING), ("chassis", _PLUMBING)):
        names = [
            name for module, name in frames if module.startswith(f"{package}.") and module not in left_out
        ]
        public = [name for name in names if not name.rpartition(".")[2].startswith(("_", "<"))]
        if names:
            return (public or names)[0]
    return "?"


def _frames(frame: FrameType | None) -> Iterator[tuple[str, str]]:
    while frame:
        yield frame.f_globals.get("__name__", ""), frame.f_code.co_qualname
        frame = frame.f_back
