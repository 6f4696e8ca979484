"""CPU time (user and system) of whole groups of processes, counting those that have ended meanwhile.

A process that ends hands its time on to the parent that waits for it: the sum over a group never shrinks.
"""

from __future__ import annotations

import contextlib
import platform
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median

import psutil

from laptop import processes

Reading = Mapping[str, float]  # CPU seconds so far, by program
GONE = (psutil.NoSuchProcess, OSError)  # what asking an ended process may raise
Meter = Callable[[], Reading]


def own_seconds(process: psutil.Process) -> float:
    """What a process has used itself. Raises one of `GONE` if it has ended."""
    if platform.system() == "Linux":
        # That process's clock, numbered as in clock_getcpuclockid(3): /proc counts in hundredths of seconds.
        return time.clock_gettime((~process.pid << 3) | 2)
    times = process.cpu_times()
    return times.user + times.system


def ended_seconds(process: psutil.Process) -> float:
    """What those of its children have used that have ended."""
    times = process.cpu_times()
    return times.children_user + times.children_system


def tree_meter(pid: int, name: str) -> Meter:
    """Reads a process and its descendants."""

    def read() -> Reading:
        used = 0.0
        for process in processes.family(pid):
            with contextlib.suppress(*GONE):
                used += own_seconds(process) + ended_seconds(process)
        return {name: used}

    return read


@dataclass
class Cost:
    """CPU seconds of one operation, by program: a value for each round of the measurement."""

    rounds: list[Reading] = field(default_factory=list)

    @property
    def totals(self) -> list[float]:
        """Each round's seconds over all programs."""
        return [sum(values.values()) for values in self.rounds]

    @property
    def median(self) -> float:
        """The middle one of the rounds."""
        return median(self.totals)

    def mean_of(self, program: str) -> float:
        """What one program has used, on average."""
        return sum(values.get(program, 0.0) for values in self.rounds) / len(self.rounds)


@dataclass
class Scale:
    """Weighs what happens in a block: what the meter says beyond the ``idle`` use per second."""

    meter: Meter
    idle: Reading = field(default_factory=dict)
    settle_seconds: float = 0.0  # work that a block leaves behind is done within this time

    @contextlib.contextmanager
    def weigh(self, cost: Cost, operations: int) -> Iterator[None]:
        """Add a round to ``cost``: what the block uses, divided by its number of operations."""
        began, before = time.monotonic(), self.meter()
        yield
        time.sleep(self.settle_seconds)
        after, seconds = self.meter(), time.monotonic() - began
        cost.rounds.append(
            {
                name: (after[name] - before.get(name, 0.0) - self.idle.get(name, 0.0) * seconds) / operations
                for name in after
            }
        )

    def learn_idle(self, seconds: float) -> Reading:
        """Watch for some seconds without work; from now on that use is taken off. Gives it, per second."""
        began, before = time.monotonic(), self.meter()
        time.sleep(seconds)
        after, passed = self.meter(), time.monotonic() - began
        self.idle = {name: (after[name] - before.get(name, 0.0)) / passed for name in after}
        return self.idle
