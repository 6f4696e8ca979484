"""Operating-system processes and users: what a crash left running, memory, and running PostgreSQL without root."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import stat
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from laptop.state_dir import MARKER, StateDir

UNPRIVILEGED = "nobody"
_POLL = 0.02  # seconds
_STOP_TIMEOUT = 10.0  # seconds until a process that was asked to end is killed


def of_stack(state_dir: StateDir) -> list[psutil.Process]:
    """Return every running process of this stack, also if its supervisord is gone.

    Processes are found by the state directory in their environment, not by a stored process id, which the system may
    have given to another program since then.
    """
    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    return [
        process
        for process in psutil.process_iter()
        if process.pid not in own and (_is_marked(process, state_dir) or _is_postgres(process, state_dir))
    ]


def end(processes: Iterable[psutil.Process]) -> None:
    """Ask the processes to end, wait, and kill those that are still running."""
    processes = list(processes)
    for process in processes:
        _ask_to_end(process)
    for process in _still_running(processes):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    _still_running(processes)


def _still_running(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    deadline = time.monotonic() + _STOP_TIMEOUT
    while (left := [process for process in processes if _runs(process)]) and time.monotonic() < deadline:
        time.sleep(_POLL)
    return left


def _runs(process: psutil.Process) -> bool:
    # An ended orphan stays a zombie until its new parent reaps it, which in a container may never happen.
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def remove_stale_pid_file(state_dir: StateDir) -> None:
    """Remove the pid file of a killed PostgreSQL. Call it only if no PostgreSQL runs on this data.

    If another process of this user has that id now, PostgreSQL takes it for a running server and does not start.
    """
    if state_dir.postgres.exists():
        (state_dir.postgres_data / "postmaster.pid").unlink(missing_ok=True)


def _is_marked(process: psutil.Process, state_dir: StateDir) -> bool:
    try:
        return process.environ().get(MARKER) == str(state_dir.path)
    except (psutil.Error, OSError):
        return False


def _is_postgres(process: psutil.Process, state_dir: StateDir) -> bool:
    # PostgreSQL overwrites its environment with process titles, but all its processes work in the data directory.
    try:
        return process.name() == "postgres" and process.cwd() == str(state_dir.postgres_data)
    except (psutil.Error, OSError):
        return False


def _ask_to_end(process: psutil.Process) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        # On SIGTERM, PostgreSQL waits until all clients have disconnected.
        process.send_signal(signal.SIGINT if process.name() == "postgres" else signal.SIGTERM)


@dataclass(frozen=True)
class Memory:
    """Memory in bytes.

    ``kind`` is PSS (shared pages are divided among the processes) or, if that cannot be read, RSS (each process counts
    them in full).
    """

    size: int = 0
    kind: str = "PSS"

    def __add__(self, other: Memory) -> Memory:
        return Memory(self.size + other.size, self.kind if self.kind == other.kind else "RSS")

    def __str__(self) -> str:
        return f"{self.size / 2**20:.0f} MiB"


def family(pid: int) -> list[psutil.Process]:
    """Return a process and all its descendants, or nothing if it has ended."""
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def memory(processes: Iterable[psutil.Process]) -> Memory:
    """Return the memory that these processes use together."""
    return sum((_memory(process) for process in processes), Memory())


def _memory(process: psutil.Process) -> Memory:
    try:
        full = process.memory_full_info()
        return Memory(full.pss) if hasattr(full, "pss") else Memory(full.rss, "RSS")
    except psutil.AccessDenied:
        return Memory(process.memory_info().rss, "RSS")
    except psutil.NoSuchProcess:
        return Memory()


@dataclass(frozen=True)
class OsUser:
    """A user of the operating system."""

    name: str
    uid: int
    gid: int

    def own(self, path: Path) -> None:
        """Make this user the owner of a file or a folder, but not of the folder's content."""
        os.chown(path, self.uid, self.gid)

    def can_reach(self, path: Path) -> bool:
        """Return whether this user may pass through every folder above ``path``."""
        return all(self._may_enter(folder) for folder in path.resolve().parents)

    def _may_enter(self, folder: Path) -> bool:
        status = folder.stat()
        return bool(status.st_mode & stat.S_IXOTH) or (
            status.st_uid == self.uid and bool(status.st_mode & stat.S_IXUSR)
        )


def unprivileged_user() -> OsUser | None:
    """Return the user to run PostgreSQL as if we are root, or None if we are not: then it runs as the current user."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam(UNPRIVILEGED)
    return OsUser(entry.pw_name, entry.pw_uid, entry.pw_gid)


def subprocess_identity(user: OsUser | None) -> dict[str, object]:
    """Return the arguments of `subprocess` that start a program as ``user``."""
    if user is None:
        return {}
    return {"user": user.uid, "group": user.gid, "extra_groups": []}


def copy_readable(source: Path, target: Path) -> None:
    """Copy a tree so that every user may read and run its files."""
    shutil.copytree(source, target, symlinks=True, copy_function=shutil.copy)
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():
            executable = path.is_dir() or bool(path.stat().st_mode & stat.S_IXUSR)
            path.chmod(0o755 if executable else 0o644)
