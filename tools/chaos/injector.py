"""Inject faults into a running stack, and revert them."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

import psutil
import psycopg
from nats import connect
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.api import StreamConfig
from nats.js.errors import APIError, NotFoundError

from laptop import http_probe, operations, processes
from laptop.ports import HOST
from laptop.sidecars import service_beside
from laptop.stack import Stack
from laptop.status import problem
from laptop.supervisor import Supervisor
from tools.chaos.invariants import Violation
from tools.chaos.proxies import Mode, Proxies
from tools.chaos.schedule import Fault, Kind
from tools.chaos.stack import edges, program_names
from topology import Protocol, Service

_PROXY_FAULTS = {
    Kind.CUT: (Mode.CUT, 0.0),
    Kind.DELAY: (Mode.DELAY, 0.1),  # seconds
    Kind.LONG_DELAY: (Mode.DELAY, 2.5),  # longer than most callers wait
    Kind.BLACKHOLE: (Mode.BLACKHOLE, 0.0),
    Kind.DROP_RESPONSES: (Mode.DROP_RESPONSES, 0.0),
}
_BANK_FAULTS: Mapping[Kind, Mapping[str, object]] = {
    Kind.SLOW: {"delaySeconds": 2.0},
    Kind.DOWN: {"down": True},
    Kind.FLAKY: {"errorShare": 0.4},
}
_KILLS = (Kind.KILL, Kind.KILL_BACKEND)  # these have no duration: they last until the program is back
_POLL = 0.02  # seconds
_RECOVERY_TIMEOUT = 60.0  # seconds in which a killed program must be back
_FILL_STREAM, _FILL_SUBJECT = "JUNK", "junk"
_FILL_SIZES = (512 << 10, 8 << 10, 512, 1)  # bytes of a message: large first, then smaller ones for the gap
_FILL_TIMEOUT = 60.0  # seconds
_FILL_PAUSE = 0.2  # seconds


@dataclass
class ActiveFault:
    """A fault from its injection until its target works again. Times are monotonic; ``end`` is infinite before that."""

    fault: Fault
    start: float
    end: float = float("inf")


def targets(services: Sequence[Service], *, mesh: bool) -> dict[Kind, list[str]]:
    """Return the targets of each kind of fault, in a stack with or without a mesh."""
    programs = program_names(services, mesh=mesh)
    connections = [str(edge) for edge in edges(services, mesh=mesh)]
    return {
        Kind.KILL: programs,
        Kind.PAUSE: programs,
        Kind.KILL_BACKEND: ["postgres"],
        **{kind: connections for kind in _PROXY_FAULTS},
        Kind.FILL: ["nats"],
        **{kind: ["bank"] for kind in _BANK_FAULTS},
    }


class Injector:
    """Injects faults into one stack. Every fault is reverted at the end, even if the run is interrupted."""

    def __init__(self, stack: Stack, proxies: Proxies) -> None:
        self._stack = stack
        self._proxies = proxies
        self._methods: dict[Kind, Callable[[str], AbstractContextManager[None]]] = {
            Kind.KILL: self._kill,
            Kind.KILL_BACKEND: self._kill_backend,
            Kind.PAUSE: self._pause,
            **{kind: partial(self._disturb, *mode) for kind, mode in _PROXY_FAULTS.items()},
            Kind.FILL: lambda _: full_storage(stack.nats.url),
            **{kind: partial(self._set_bank_faults, faults) for kind, faults in _BANK_FAULTS.items()},
        }
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._stopped = threading.Event()
        self.log: list[ActiveFault] = []
        self.violations: list[Violation] = []

    def inject(self, fault: Fault) -> None:
        """Inject the fault, wait for its duration and revert it. Waits for an earlier fault at the same target."""
        with self._locks[fault.target], self._logged(fault), self._methods[fault.kind](fault.target):
            if fault.kind not in _KILLS:
                self._stopped.wait(fault.duration)

    def stop(self) -> None:
        """Revert all faults now."""
        self._stopped.set()

    def active(self) -> list[Fault]:
        """Return the faults that are active now."""
        return [entry.fault for entry in list(self.log) if entry.end == float("inf")]

    @contextlib.contextmanager
    def _logged(self, fault: Fault) -> Iterator[None]:
        entry = ActiveFault(fault, time.monotonic())
        self.log.append(entry)
        try:
            yield
        finally:
            entry.end = time.monotonic()

    @contextlib.contextmanager
    def _kill(self, name: str) -> Iterator[None]:
        process = psutil.Process(self._pid(name))
        process.kill()
        yield
        self._wait_until_back(name, process)

    @contextlib.contextmanager
    def _kill_backend(self, name: str) -> Iterator[None]:
        # The youngest process serves a client; the older ones are PostgreSQL's own workers.
        backends = processes.family(self._pid(name))[1:]
        backend = max(backends, key=lambda process: process.create_time())
        backend.kill()
        yield
        self._wait_until_back(name, backend)

    @contextlib.contextmanager
    def _pause(self, name: str) -> Iterator[None]:
        paused = processes.family(self._pid(name))
        try:
            _signal(paused, signal.SIGSTOP)
            yield
        finally:
            _signal(paused, signal.SIGCONT)

    @contextlib.contextmanager
    def _disturb(self, mode: Mode, delay: float, edge: str) -> Iterator[None]:
        self._proxies.set(edge, mode, delay)
        try:
            yield
        finally:
            self._proxies.set(edge, Mode.FORWARD)

    @contextlib.contextmanager
    def _set_bank_faults(self, faults: Mapping[str, object], _name: str) -> Iterator[None]:
        operations.put_bank_faults(self._stack, faults)
        try:
            yield
        finally:
            operations.put_bank_faults(self._stack, {})

    def _pid(self, name: str) -> int:
        deadline = time.monotonic() + _RECOVERY_TIMEOUT
        while time.monotonic() < deadline:
            # A new connection each time: a Supervisor is not thread-safe.
            supervisor = Supervisor(self._stack.ports.supervisor, self._stack.secrets.supervisor)
            with contextlib.closing(supervisor):
                pid = next(process.pid for process in supervisor.processes() if process.name == name)
            if pid:
                return pid
            time.sleep(_POLL)
        raise RuntimeError(f"{name} is not running")

    def _wait_until_back(self, name: str, killed: psutil.Process) -> None:
        deadline = time.monotonic() + _RECOVERY_TIMEOUT
        while killed.is_running() or not self._works(name):
            if time.monotonic() > deadline:
                what = f"not back {_RECOVERY_TIMEOUT:.0f} s after it was killed"
                self.violations.append(Violation(what, name))
                return
            if self._stopped.wait(_POLL):
                return

    def _works(self, name: str) -> bool:
        """Return whether the program works; the programs that it depends on may still be down."""
        ports = self._stack.ports
        if name == "postgres":
            return self._database_answers()
        if name == "nats" or service_beside(name):
            return not problem(self._stack, name)
        if name == "gateway":
            return not http_probe.http_problem(ports.gateway, "/healthz")
        events_only = {one.name for one in self._stack.services if one.protocol is Protocol.EVENTS}
        is_listening = name in events_only or _accepts_connections(ports.service(name))
        return is_listening and not http_probe.http_problem(ports.admin(name), "/livez")

    def _database_answers(self) -> bool:
        # PostgreSQL's pid file says "ready" even while it recovers from the death of a backend.
        try:
            with psycopg.connect(self._stack.database_url("postgres", "postgres"), connect_timeout=1):
                return True
        except psycopg.Error:
            return False


def _signal(targets: list[psutil.Process], number: int) -> None:
    for process in targets:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def _accepts_connections(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False


@contextlib.contextmanager
def full_storage(url: str) -> Iterator[None]:
    """Keep JetStream's storage full during the block."""
    asyncio.run(asyncio.wait_for(_fill_storage(url), _FILL_TIMEOUT))
    try:
        yield
    finally:
        asyncio.run(asyncio.wait_for(_free_storage(url), _FILL_TIMEOUT))


async def _connect(url: str) -> Client:
    async def ignore(_error: Exception) -> None:
        """Ignore it: NATS may be the target of another fault at the same time."""

    return await connect(
        url, connect_timeout=2, max_reconnect_attempts=-1, reconnect_time_wait=0.1, error_cb=ignore
    )


async def _fill_storage(url: str) -> None:
    async with await _connect(url) as client:
        jetstream = client.jetstream(timeout=2)
        await jetstream.add_stream(StreamConfig(name=_FILL_STREAM, subjects=[_FILL_SUBJECT]))
        for size in _FILL_SIZES:
            with contextlib.suppress(APIError):
                while True:
                    await jetstream.publish(_FILL_SUBJECT, bytes(size))


async def _free_storage(url: str) -> None:
    while True:
        with contextlib.suppress(NatsError, OSError, TimeoutError):
            async with await _connect(url) as client:
                with contextlib.suppress(NotFoundError):
                    await client.jetstream(timeout=2).delete_stream(_FILL_STREAM)
                return
        await asyncio.sleep(_FILL_PAUSE)
