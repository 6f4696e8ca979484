"""CPU time (user and system) and memory of groups of processes.

If a process ends, the parent that waits for it inherits its CPU time. So the sum over a group includes the children
that have ended, and never decreases.
"""

from __future__ import annotations

import contextlib
import platform
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median

import psutil

from laptop import processes
from laptop.processes import Memory
from laptop.state_dir import StateDir
from laptop.status import require_running

CpuSeconds = Mapping[str, float]  # so far, by program
CpuReader = Callable[[], CpuSeconds]
_SUPERVISOR = "supervisord"
_ENDED = (psutil.NoSuchProcess, OSError)  # raised if a process has ended


@dataclass
class Cost:
    """CPU seconds of one operation, by program: one value for each round of the measurement."""

    rounds: list[CpuSeconds] = field(default_factory=list)

    @property
    def totals(self) -> list[float]:
        """The seconds of each round, over all programs."""
        return [sum(values.values()) for values in self.rounds]

    @property
    def median(self) -> float:
        """The median of the rounds."""
        return median(self.totals)

    def mean_of(self, program: str) -> float:
        """The mean of one program's values."""
        return sum(values.get(program, 0.0) for values in self.rounds) / len(self.rounds)


@dataclass
class CpuMeter:
    """Measures the CPU time of a block of code, beyond the `idle` use per second.

    `settle_seconds` is how long to wait at the end of a block for the work that it leaves behind.
    """

    read: CpuReader
    idle: CpuSeconds = field(default_factory=dict)
    settle_seconds: float = 0.0

    @contextlib.contextmanager
    def measure(self, cost: Cost, operations: int) -> Iterator[None]:
        """Add a round to `cost`: the CPU time of the block, divided by its number of operations."""
        started, before = time.monotonic(), self.read()
        yield
        time.sleep(self.settle_seconds)
        after, seconds = self.read(), time.monotonic() - started
        used = {name: after[name] - before.get(name, 0.0) for name in after}
        cost.rounds.append(
            {name: (used[name] - self.idle.get(name, 0.0) * seconds) / operations for name in used}
        )

    def measure_idle(self, seconds: float) -> CpuSeconds:
        """Measure the use per second without work, subtract it from now on, and return it."""
        started, before = time.monotonic(), self.read()
        time.sleep(seconds)
        after, passed = self.read(), time.monotonic() - started
        self.idle = {name: (after[name] - before.get(name, 0.0)) / passed for name in after}
        return self.idle


def tree_reader(pid: int, name: str) -> CpuReader:
    """Return a reader for a process and its descendants."""

    def read() -> CpuSeconds:
        used = 0.0
        for process in processes.family(pid):
            with contextlib.suppress(*_ENDED):
                used += _own_seconds(process) + _ended_children_seconds(process)
        return {name: used}

    return read


class StackProcesses:
    """The processes of the running stack with this state folder, by program."""

    def __init__(self, state_dir: StateDir) -> None:
        _, control = require_running(state_dir)
        self._state_dir = state_dir
        self._programs = {process.pid: process.name for process in control.processes()}
        self._programs[control.pid()] = _SUPERVISOR

    def cpu(self) -> CpuSeconds:
        """CPU seconds so far. supervisord itself is left out: it takes no part in the work."""
        used: defaultdict[str, float] = defaultdict(float)
        for program, members in self._by_program().items():
            for process in members:
                with contextlib.suppress(*_ENDED):
                    used[program] += _ended_children_seconds(process)
                    if program != _SUPERVISOR:
                        used[program] += _own_seconds(process)
        return used

    def memory(self) -> dict[str, Memory]:
        """The memory of each program, supervisord included."""
        return {program: processes.memory(members) for program, members in self._by_program().items()}

    def _by_program(self) -> dict[str, list[psutil.Process]]:
        found: defaultdict[str, list[psutil.Process]] = defaultdict(list)
        for process in processes.of_stack(self._state_dir):
            with contextlib.suppress(psutil.NoSuchProcess):
                found[self._program(process)].append(process)
        return found

    def _program(self, process: psutil.Process) -> str:
        line = [process, *process.parents()]
        return next((self._programs[member.pid] for member in line if member.pid in self._programs), "other")


def _own_seconds(process: psutil.Process) -> float:
    """The CPU time of the process itself. Raises one of `_ENDED` if it has ended."""
    if platform.system() == "Linux":
        # The process's CPU clock, numbered as in clock_getcpuclockid(3): /proc counts in hundredths of a second only.
        return time.clock_gettime((~process.pid << 3) | 2)
    times = process.cpu_times()
    return times.user + times.system


def _ended_children_seconds(process: psutil.Process) -> float:
    """The CPU time of the children that have ended. Raises one of `_ENDED` if the process itself has."""
    times = process.cpu_times()
    return times.children_user + times.children_system
