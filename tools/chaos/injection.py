"""Doing a fault to a running market, and undoing it."""

from __future__ import annotations

import contextlib
import http.client
import signal
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial

import psutil
import psycopg

from laptop import bank, processes
from laptop.environment import Market
from laptop.pages import READY
from laptop.ports import HOST
from laptop.readiness import problem
from laptop.sidecars import service_beside
from laptop.supervisor import Supervisor
from tools.chaos import broker
from tools.chaos.edges import Edge, edges
from tools.chaos.findings import Finding
from tools.chaos.market import programs
from tools.chaos.proxies import Condition, Proxies, State
from tools.chaos.schedule import Fault, Kind
from topology import Protocol, Service

_CONDITIONS = {
    Kind.CUT: Condition(State.CUT),
    Kind.DELAY: Condition(State.DELAYING, 0.1),
    Kind.DELIVER_LATE: Condition(State.DELAYING, 2.5),  # later than most callers wait
    Kind.SILENCE: Condition(State.SILENT),
    Kind.LOSE_ANSWERS: Condition(State.LOSING_ANSWERS),
}
_ILLNESSES: Mapping[Kind, Mapping[str, object]] = {
    Kind.SLOW: {"delaySeconds": 2.0},
    Kind.DOWN: {"down": True},
    Kind.FLAKY: {"errorShare": 0.4},
}
_INSTANT = (Kind.KILL, Kind.KILL_BACKEND)  # done with a blow: they last until the victim is back
_POLL = 0.02  # seconds
_RECOVERY_SECONDS = 60.0  # in which a program that was killed must be back


@dataclass
class Force:
    """A fault while it is in force: from the blow until its victim works again. Monotonic times."""

    fault: Fault
    begun: float
    ended: float = float("inf")


@dataclass
class Journal:
    """Which fault was in force when."""

    forces: list[Force] = field(default_factory=list)

    def now(self) -> list[Fault]:
        """The faults that are in force."""
        return [force.fault for force in list(self.forces) if force.ended == float("inf")]

    @contextlib.contextmanager
    def noting(self, fault: Fault) -> Iterator[None]:
        """Notes that the fault is in force for the length of the block."""
        force = Force(fault, time.monotonic())
        self.forces.append(force)
        try:
            yield
        finally:
            force.ended = time.monotonic()


def targets(services: Sequence[Service], *, mesh: bool) -> dict[Kind, list[str]]:
    """What each kind of fault can be done to, in a market with sidecars or without."""
    victims = programs(services, mesh=mesh)
    ways = [str(edge) for edge in edges(services, mesh=mesh)]
    return {
        Kind.KILL: victims,
        Kind.STOP: victims,
        Kind.KILL_BACKEND: ["postgres"],
        **{kind: ways for kind in _CONDITIONS},
        Kind.FILL: ["nats"],
        **{kind: ["bank"] for kind in _ILLNESSES},
    }


class Injector:
    """Torments one market; each fault is undone at the end of its block, also when that is interrupted."""

    def __init__(self, market: Market, proxies: Proxies[Edge]) -> None:
        self._market = market
        self._proxies = proxies
        self._edges = {str(edge): edge for edge in proxies.ports}
        self._ways: dict[Kind, Callable[[str], AbstractContextManager[None]]] = {
            Kind.KILL: self._killed,
            Kind.KILL_BACKEND: self._backend_killed,
            Kind.STOP: self._stopped,
            **{kind: partial(self._disturbed, condition) for kind, condition in _CONDITIONS.items()},
            Kind.FILL: self._filled,
            **{kind: partial(self._bank_ill, illness) for kind, illness in _ILLNESSES.items()},
        }
        self._targets: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._given_up = threading.Event()
        self.journal = Journal()
        self.findings: list[Finding] = []

    def inflict(self, fault: Fault) -> None:
        """Do the fault, wait for its duration, undo it; after one at the same target that takes its time."""
        with self._targets[fault.target], self.journal.noting(fault), self._ways[fault.kind](fault.target):
            if fault.kind not in _INSTANT:
                self._given_up.wait(fault.duration)

    def give_up(self) -> None:
        """Undo all faults now."""
        self._given_up.set()

    @contextlib.contextmanager
    def _killed(self, name: str) -> Iterator[None]:
        victim = psutil.Process(self._pid(name))
        victim.kill()
        yield
        self._wait_until_back(name, victim)

    @contextlib.contextmanager
    def _backend_killed(self, name: str) -> Iterator[None]:
        # Not the helpers that every server has, but one that works for a client: it is the youngest.
        backends = processes.family(self._pid(name))[1:]
        max(backends, key=lambda backend: backend.create_time()).kill()
        yield
        self._wait_until_back(name, None)

    @contextlib.contextmanager
    def _stopped(self, name: str) -> Iterator[None]:
        frozen = processes.family(self._pid(name))
        try:
            _signal(frozen, signal.SIGSTOP)
            yield
        finally:
            _signal(frozen, signal.SIGCONT)

    @contextlib.contextmanager
    def _disturbed(self, condition: Condition, edge: str) -> Iterator[None]:
        self._proxies.change(self._edges[edge], condition)
        try:
            yield
        finally:
            self._proxies.change(self._edges[edge], Condition())

    def _filled(self, _name: str) -> AbstractContextManager[None]:
        return broker.filled(self._market.broker.url)

    @contextlib.contextmanager
    def _bank_ill(self, illness: Mapping[str, object], _name: str) -> Iterator[None]:
        bank.put_faults(self._market, illness)
        try:
            yield
        finally:
            bank.put_faults(self._market, {})

    def _pid(self, name: str) -> int:
        deadline = time.monotonic() + _RECOVERY_SECONDS
        while True:
            with contextlib.closing(self._control()) as control:
                pid = next(process.pid for process in control.processes() if process.name == name)
            if pid:
                return pid
            if time.monotonic() > deadline:
                raise RuntimeError(f"{name} does not run")
            time.sleep(_POLL)

    def _control(self) -> Supervisor:
        # A new one each time: it is not made for several threads.
        return Supervisor(self._market.ports.supervisor, self._market.secrets.supervisor)

    def _wait_until_back(self, name: str, victim: psutil.Process | None) -> None:
        deadline = time.monotonic() + _RECOVERY_SECONDS
        while (victim and victim.is_running()) or not self._works(name):
            if time.monotonic() > deadline:
                what = f"not back {_RECOVERY_SECONDS:.0f} s after it was killed"
                self.findings.append(Finding(what, name))
                return
            if self._given_up.wait(_POLL):
                return

    def _works(self, name: str) -> bool:
        """Whether the program itself does its work; what it needs may still be down."""
        if name == "postgres":
            return self._database_answers()
        if name == "nats" or service_beside(name):
            return problem(self._market, name) == READY
        if name == "gateway":
            return _answers(self._market.ports.gateway, "/healthz")
        silent = {service.name for service in self._market.services if service.protocol is Protocol.EVENTS}
        ports = self._market.ports
        return (name in silent or _listens(ports.service(name))) and _answers(ports.admin(name), "/livez")

    def _database_answers(self) -> bool:
        # Its pid file says that it is ready also while it recovers from the death of a backend.
        try:
            with psycopg.connect(self._market.database_url("postgres", "postgres"), connect_timeout=1):
                return True
        except psycopg.Error:
            return False


def _signal(victims: list[psutil.Process], number: int) -> None:
    for victim in victims:
        with contextlib.suppress(psutil.NoSuchProcess):
            victim.send_signal(number)


def _listens(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=1)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
