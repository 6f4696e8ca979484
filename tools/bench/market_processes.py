"""The processes of a running market, by program: what CPU time they have used, what memory they take."""

from __future__ import annotations

import contextlib
from collections import defaultdict

import psutil

from laptop import closing, processes
from laptop.home import Home
from laptop.processes import Memory
from tools.bench.cpu import GONE, Reading, ended_seconds, own_seconds

SUPERVISOR = "supervisord"


class MarketProcesses:
    """Knows which process belongs to which program of the market that is open in ``home``."""

    def __init__(self, home: Home) -> None:
        _, control = closing.required(home)
        self._home = home
        self._programs = {process.pid: process.name for process in control.processes()}
        self._programs[control.pid()] = SUPERVISOR

    def cpu(self) -> Reading:
        """CPU seconds so far. Supervisord is left out: it takes no part in what the market does."""
        used: defaultdict[str, float] = defaultdict(float)
        for program, members in self._by_program().items():
            for process in members:
                with contextlib.suppress(*GONE):
                    used[program] += ended_seconds(process)
                    if program != SUPERVISOR:
                        used[program] += own_seconds(process)
        return used

    def memory(self) -> dict[str, Memory]:
        """What each program takes, supervisord included."""
        return {program: processes.memory(members) for program, members in self._by_program().items()}

    def _by_program(self) -> dict[str, list[psutil.Process]]:
        found: defaultdict[str, list[psutil.Process]] = defaultdict(list)
        for process in processes.of_market(self._home):
            with contextlib.suppress(psutil.NoSuchProcess):
                found[self._program(process)].append(process)
        return found

    def _program(self, process: psutil.Process) -> str:
        line = [process, *process.parents()]
        return next((self._programs[member.pid] for member in line if member.pid in self._programs), "other")
