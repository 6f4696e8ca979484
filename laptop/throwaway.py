"""Servers for a test: in a temporary folder, on a free port, gone afterwards whatever happens to the test."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from laptop.accounts import Account
from laptop.errors import LaptopError
from laptop.ports import is_taken

START_TIMEOUT = 20.0  # seconds
_POLL = 0.01  # seconds
_WORKERS = 8  # so many have ports of their own; pytest-xdist names them gw0, gw1 and so on

# Waits for a line on its standard input. None comes when the parent dies, however it dies: then the
# server and its folder are cleared away from here.
_GUARD = """
read -r released && exit 0
kill -s "$1" "$2"
tries=0
while kill -0 "$2" && [ "$tries" -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
kill -s KILL "$2"
rm -rf -- "$3"
"""


@dataclass(frozen=True)
class Server:
    """How to run one throw-away server: its command line, and the signal on which it goes at once."""

    command: Sequence[str]
    folder: Path
    is_ready: Callable[[], bool]
    stop_signal: signal.Signals
    identity: Mapping[str, object]  # subprocess arguments that name the account to run as


def own_share(first: int, last: int) -> range:
    """Of the ports from ``first`` to before ``last`` those that are this process's, where tests run side by side: a
    port that two find free at once, or whose server is just being restarted, is taken by one of them alone."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _WORKERS
    share = (last - first) // _WORKERS
    return range(first + worker * share, first + (worker + 1) * share)


def _shuffled() -> Iterator[int]:
    # Below what the system gives to whoever connects: a port from there may be gone before it is listened on. Each
    # run begins elsewhere, so that two on one machine seldom look at the same.
    ports = own_share(2_000, 10_000)
    start = random.randrange(len(ports))
    return cycle([*ports[start:], *ports[:start]])


_ports = _shuffled()


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listens on; the next call gives another."""
    return next(port for port in _ports if not is_taken(port))


@contextlib.contextmanager
def temporary_folder(prefix: str, account: Account | None = None) -> Iterator[Path]:
    """A folder that is removed at the end, with all that is in it; one that ``account`` can reach, if given."""
    usual = tempfile.gettempdir()
    place = usual if account is None or account.can_reach(Path(usual) / prefix) else "/tmp"  # noqa: S108
    with tempfile.TemporaryDirectory(prefix=prefix, dir=place, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextlib.contextmanager
def running(server: Server) -> Iterator[None]:
    """Run the server, wait until it is ready, and stop it at the end; `LaptopError` if it does not start."""
    log_file = server.folder / "server.log"
    with log_file.open("wb") as log:
        # In a session of its own, so that Ctrl-C reaches the test alone and not the server under it.
        process = subprocess.Popen(
            server.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=server.folder,
            start_new_session=True,
            **server.identity,  # type: ignore[call-overload]
        )
    try:
        with _guarded(process, server):
            _wait_until_ready(process, server, log_file)
            yield
    finally:
        _stop(process, server.stop_signal)


@contextlib.contextmanager
def _guarded(process: subprocess.Popen[bytes], server: Server) -> Iterator[None]:
    guard = subprocess.Popen(
        [
            "/bin/sh",
            "-c",
            _GUARD,
            "guard",
            server.stop_signal.name.removeprefix("SIG"),
            str(process.pid),
            str(server.folder),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        _stop(process, server.stop_signal)
        guard.communicate(b"released\n")


def _wait_until_ready(process: subprocess.Popen[bytes], server: Server, log_file: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while not server.is_ready():
        if process.poll() is not None or time.monotonic() > deadline:
            name = Path(server.command[0]).name
            raise LaptopError(f"{name} did not start:\n{log_file.read_text(errors='replace')[-2000:]}")
        time.sleep(_POLL)


def _stop(process: subprocess.Popen[bytes], stop_signal: signal.Signals) -> None:
    if process.poll() is None:
        process.send_signal(stop_signal)
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
