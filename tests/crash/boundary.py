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
from tests.crash.crash_plan import BoundaryLog, CrashPlan

# These modules carry out the effects of their callers, so the boundary is named after the caller.
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
    """A place in the service's code, and the effect that it is about to have.

    `occurrence` counts how often the service was there for the same order; it is 0 in background work for no order.
    """

    place: str
    effect: str
    occurrence: int

    def __str__(self) -> str:
        return f"{self.place}: {self.effect} {self.occurrence or ''}".rstrip()


class BoundaryObserver:
    """Records each boundary that the service reaches, and kills the process if the crash plan says so.

    An order is identified by its trace, which all its calls and events carry. Background work without a trace, such as
    the relay's, counts as soon as the service has worked for the order.
    """

    def __init__(self, service: str, log: BoundaryLog, plan: CrashPlan) -> None:
        self._service = service
        self._log = log
        self._plan = plan
        self._lock = threading.Lock()
        self._occurrences: Counter[tuple[str, str, str]] = Counter()
        self._traces: set[str] = set()
        log.start()

    def reach(self, effect: str, place: str = "") -> None:
        """Report that the service is about to have this effect; `place` is by default derived from the stack."""
        place = place or _place(self._service)
        trace = context.current().trace_id
        if effect == ANSWER and not trace:
            return  # the request is not about an order
        with self._lock:
            if trace:
                self._traces.add(trace)
                self._occurrences[trace, place, effect] += 1
            boundary = Boundary(place, effect, self._occurrences[trace, place, effect])
            order, crash_at = self._plan.next()
            if order in self._traces and trace in (order, "") and str(boundary) == crash_at:
                self._plan.complete_next()
                os.kill(os.getpid(), signal.SIGKILL)
            self._log.record(trace, boundary.place, boundary.effect, boundary.occurrence)


def _place(service: str) -> str:
    """The innermost public function on the stack that is the service's own, or a library's if there is none."""
    frames = list(_frames(sys._getframe(1)))
    for package in (service, "messaging", "chassis"):
        names = [
            name for module, name in frames if module.startswith(f"{package}.") and module not in _PLUMBING
        ]
        public = [name for name in names if not name.rpartition(".")[2].startswith(("_", "<"))]
        if names:
            return (public or names)[0]
    return "?"


def _frames(frame: FrameType | None) -> Iterator[tuple[str, str]]:
    while frame:
        yield frame.f_globals.get("__name__", ""), frame.f_code.co_qualname
        frame = frame.f_back
