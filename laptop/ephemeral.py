"""Ephemeral servers for tests: a temporary folder, a free port, and nothing left, even if the test is killed."""

from __future__ import annotations

import contextlib
import os
import random
import secrets
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from laptop import LaptopError, postgres
from laptop.ports import BLOCK, HOST, is_taken
from laptop.processes import OsUser, subprocess_identity, unprivileged_user
from laptop.stack import NatsServer

START_TIMEOUT = 20.0  # seconds
_POLL = 0.01  # seconds
_WORKERS = 8  # how many pytest-xdist workers, gw0 to gw7, get ports that no other worker uses
# Both ranges are below the ephemeral ports that the system gives to clients, and below those of `make chaos` and `make
# bench`: another process could take such a port before the server listens on it.
_SINGLE_PORTS = (2_000, 10_000)
_PORT_BLOCKS = (10_000, 20_000)

# Waits for a line on its standard input. If the parent process dies, no line arrives: then this script
# stops the server and removes its folder.
_GUARD = """
read -r released && exit 0
kill -s "$1" "$2"
tries=0
while kill -0 "$2" && [ "$tries" -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
kill -s KILL "$2"
rm -rf -- "$3"
"""

# Test data need not survive a power failure.
_POSTGRES_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "32MB",
    "jit": "off",
}


@dataclass(frozen=True)
class Server:
    """How to run an ephemeral server. ``stop_signal`` is the signal that ends it at once."""

    command: Sequence[str]
    folder: Path
    is_ready: Callable[[], bool]
    stop_signal: signal.Signals
    identity: Mapping[str, object]  # arguments of `subprocess` that name the user to run as


@contextlib.contextmanager
def ephemeral_postgres() -> Iterator[str]:
    """Run a PostgreSQL server for the length of a ``with`` block and give the superuser's URL.

    It takes about a second to start and syncs nothing to disk. Share one among the tests of a session, and give each
    test its own database with `create_database`.
    """
    with temporary_folder("market-postgres-", unprivileged_user()) as folder:
        programs = postgres.installation(copy_to=folder / "postgresql")
        if programs.user:
            programs.user.own(folder)
        data, port, password = folder / "data", free_port(), secrets.token_hex(8)
        postgres.initialize(programs, data, password)
        server = Server(
            command=postgres.server_command(programs, data, port, _POSTGRES_SETTINGS),
            folder=folder,
            is_ready=lambda: postgres.accepts_connections(data),
            stop_signal=signal.SIGQUIT,
            identity=subprocess_identity(programs.user),
        )
        with running(server):
            yield f"postgresql://{postgres.SUPERUSER}:{password}@{HOST}:{port}/postgres"


def create_database(superuser_url: str, name: str | None = None, template: str = "template1") -> str:
    """Create a database and return its URL. Without a ``name`` it gets a random one.

    ``template`` is the database to copy. It must have no open connections: migrate one database, then copy it for each
    test.
    """
    name = name or f"test_{secrets.token_hex(6)}"
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
    return urlunsplit(urlsplit(superuser_url)._replace(path=f"/{quote(name, safe='')}"))


@contextlib.contextmanager
def ephemeral_nats() -> Iterator[str]:
    """Run a NATS server with JetStream for the length of a ``with`` block and give its URL."""
    with temporary_folder("market-nats-") as folder:
        nats = NatsServer(free_port(), secrets.token_hex(8), folder / "jetstream")
        configuration = folder / "nats.conf"
        configuration.write_text(nats.configuration())
        server = Server(
            command=nats.command(configuration),
            folder=folder,
            is_ready=nats.accepts_connections,
            stop_signal=signal.SIGKILL,
            identity={},
        )
        with running(server):
            yield nats.url


def worker_share(first: int, last: int) -> range:
    """Return this pytest-xdist worker's share of the ports from ``first`` to before ``last``.

    Workers share no ports, so that two of them never pick the same free port, and none takes the port of a server that
    another one is restarting.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _WORKERS
    share = (last - first) // _WORKERS
    return range(first + worker * share, first + (worker + 1) * share)


def _ports() -> Iterator[int]:
    ports = worker_share(*_SINGLE_PORTS)
    start = random.randrange(len(ports))  # so that two test runs on one machine seldom try the same ports
    return cycle([*ports[start:], *ports[:start]])


def _blocks() -> Iterator[int]:
    ports = worker_share(*_PORT_BLOCKS)
    starts = range(ports.start, ports.stop - BLOCK, BLOCK)
    return cycle(random.sample(starts, len(starts)))


_next_ports, _next_blocks = _ports(), _blocks()


def free_port() -> int:
    """Return a free TCP port on loopback. The next call returns another one."""
    return next(port for port in _next_ports if not is_taken(port))


def free_port_block() -> int:
    """Return the first port of a free block for a stack. The next call returns another one."""
    return next(first for first in _next_blocks if not any(is_taken(first + n) for n in range(BLOCK)))


@contextlib.contextmanager
def temporary_folder(prefix: str, user: OsUser | None = None) -> Iterator[Path]:
    """Make a folder that is removed at the end, with its content. ``user`` can reach it, if given."""
    default = tempfile.gettempdir()
    parent = default if user is None or user.can_reach(Path(default) / prefix) else "/tmp"  # noqa: S108
    with tempfile.TemporaryDirectory(prefix=prefix, dir=parent, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextlib.contextmanager
def running(server: Server) -> Iterator[None]:
    """Run the server, wait until it is ready, and stop it at the end. Raises `LaptopError` if it does not start."""
    log_file = server.folder / "server.log"
    with log_file.open("wb") as log:
        # In its own session, so that Ctrl-C reaches the test only.
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
    signal_name = server.stop_signal.name.removeprefix("SIG")
    guard = subprocess.Popen(
        ["/bin/sh", "-c", _GUARD, "guard", signal_name, str(process.pid), str(server.folder)],
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
