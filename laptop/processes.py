"""The market's processes as the machine sees them: what a crash left behind, how much memory they take."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass

import psutil

from laptop.home import MARKER, Home
from laptop.server_data import data_folder

_POLL = 0.02  # seconds
_PATIENCE = 10.0  # seconds between asking a process to end and ending it


def of_market(home: Home) -> list[psutil.Process]:
    """Every running process that this market started, also those whose supervisord is gone.

    They carry the market's folder in their environment, which nobody else does, so that a process id
    that has since been given to another program is never mistaken for one of them.
    """
    mine = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    return [
        process
        for process in psutil.process_iter()
        if process.pid not in mine and (_is_marked(process, home) or _is_database(process, home))
    ]


def end(processes: Iterable[psutil.Process]) -> None:
    """Ask the processes to end, wait, and kill those that have not."""
    processes = list(processes)
    for process in processes:
        _ask_to_end(process)
    for process in _still_running(processes):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    _still_running(processes)


def _still_running(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Those that have not ended after some patience."""
    deadline = time.monotonic() + _PATIENCE
    while (left := [process for process in processes if _runs(process)]) and time.monotonic() < deadline:
        time.sleep(_POLL)
    return left


def _runs(process: psutil.Process) -> bool:
    # An orphan that has ended stays a zombie until its new parent looks, which in a container may be never.
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def remove_stale_pid_file(home: Home) -> None:
    """Remove what a killed PostgreSQL left, once it is known that none runs on this market's data.

    PostgreSQL would take any process of ours that has since got the same id for its predecessor.
    """
    if home.postgres.exists():
        (data_folder(home) / "postmaster.pid").unlink(missing_ok=True)


def _is_marked(process: psutil.Process, home: Home) -> bool:
    try:
        return process.environ().get(MARKER) == str(home.path)
    except (psutil.Error, OSError):
        return False


def _is_database(process: psutil.Process, home: Home) -> bool:
    # PostgreSQL's processes write their titles over their environment, but they all work in its data folder.
    try:
        return process.name() == "postgres" and process.cwd() == str(data_folder(home))
    except (psutil.Error, OSError):
        return False


def _ask_to_end(process: psutil.Process) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        # On SIGTERM, PostgreSQL would wait for its clients to leave.
        process.send_signal(signal.SIGINT if process.name() == "postgres" else signal.SIGTERM)


@dataclass(frozen=True)
class Memory:
    """Memory in bytes.

    ``kind`` is PSS (pages that processes share are divided among them) or, where that cannot be read, RSS
    (they are counted for each).
    """

    size: int = 0
    kind: str = "PSS"

    def __add__(self, other: Memory) -> Memory:
        return Memory(self.size + other.size, self.kind if self.kind == other.kind else "RSS")

    def __str__(self) -> str:
        return f"{self.size / 2**20:.0f} MiB"


def family(pid: int) -> list[psutil.Process]:
    """A process and all its descendants; nobody if it has ended."""
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def memory(processes: Iterable[psutil.Process]) -> Memory:
    """The memory that these processes take together."""
    return sum((_memory(process) for process in processes), Memory())


def _memory(process: psutil.Process) -> Memory:
    try:
        full = process.memory_full_info()
        return Memory(full.pss) if hasattr(full, "pss") else Memory(full.rss, "RSS")
    except psutil.AccessDenied:
        return Memory(process.memory_info().rss, "RSS")
    except psutil.NoSuchProcess:
        return Memory()
