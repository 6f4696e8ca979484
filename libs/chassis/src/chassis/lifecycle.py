"""The one lifecycle: start in the order of registration; on SIGTERM or SIGINT stop in this order:

1. unready    readiness answers 503, so that nothing new is sent here
2. drain      wait DRAIN_SECONDS, until everybody has noticed
3. servers    stop accepting, finish what was accepted (at most STOP_SECONDS)
4. workers    background threads finish what they hold
5. telemetry  send the last spans
6. close      database pools, connections, the admin server

A second signal ends the process at once.
"""

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from enum import IntEnum
from typing import NoReturn

from chassis import logs, telemetry
from chassis.config import LogsExporter, ServiceConfig
from chassis.errors import Unavailable
from chassis.health import AdminServer, Readiness

log = logging.getLogger(__name__)
_WORKER_STOP_SECONDS = 5.0


class Stage(IntEnum):
    """When something is stopped; see the module's text."""

    SERVERS = 3
    WORKERS = 4
    TELEMETRY = 5
    CLOSE = 6


class Service:
    """One process of the market: its configuration, its readiness, and what starts and stops with it."""

    def __init__(self, config: ServiceConfig) -> None:
        self.config = config
        self.readiness = Readiness()
        self._starts: list[Callable[[], object]] = []
        self._stops: list[tuple[Stage, Callable[[], object]]] = []
        self._signalled = False
        self._started = False
        endpoint = config.otel_exporter_otlp_endpoint
        logs.setup(
            config.service,
            config.log_level,
            endpoint if config.otel_logs_exporter is LogsExporter.OTLP else "",
        )
        telemetry.setup(config.service, endpoint)
        self.on_stop(Stage.TELEMETRY, telemetry.flush)

    def on_start(self, start: Callable[[], object]) -> None:
        """Calls `start` when the service starts, after what was registered before."""
        self._starts.append(start)

    def on_stop(self, stage: Stage, stop: Callable[[], object]) -> None:
        """Calls `stop` at that stage, before what was registered earlier for the same stage.

        It is called also where the service did not get as far as starting that part.
        """
        self._stops.append((stage, stop))

    def start(self) -> None:
        """Starts all parts, the admin server last so that its answers are true."""
        for start in self._starts:
            start()
        config = self.config
        host = config.admin_host or config.host
        try:
            admin = AdminServer(host, config.admin_port, self.readiness)
        except OSError as error:
            raise self.taken("ADMIN_PORT", config.admin_port, error, host) from None
        self.on_stop(Stage.CLOSE, admin.stop)
        admin.start()
        self._started = True
        log.info("started", extra={"port": config.port, "admin_port": admin.port})

    def stop(self) -> None:
        """Stops all parts in the order of the stages. One that fails to stop doesn't keep the others from it."""
        self.readiness.stop()
        log.info("stopping")
        if self._started:
            time.sleep(self.config.drain_seconds)
        for stage, stop in sorted(reversed(self._stops), key=lambda entry: entry[0]):
            try:
                stop()
            except Exception:
                log.exception("could not stop cleanly", extra={"stage": stage.name})
        log.info("stopped")

    def run(self) -> NoReturn:
        """Starts, waits for SIGTERM or SIGINT, stops, and ends the process."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        # The system may hand a signal to any thread; that alone would not wake this one, where handlers run.
        waker, woken = socket.socketpair()
        waker.setblocking(False)
        signal.set_wakeup_fd(waker.fileno())
        try:
            self.start()
            woken.recv(1)
        finally:
            self.stop()
        # A request that has outlived STOP_SECONDS would keep the interpreter waiting for its thread.
        logging.shutdown()
        os._exit(0)

    def taken(self, variable: str, port: int, why: object = "", host: str = "") -> SystemExit:
        """What to raise where a port cannot be listened on: one clear line, and exit code 1."""
        address = f"{host or self.config.host}:{port}"
        return SystemExit(
            f"{self.config.service}: cannot listen on {address}, is it taken? Set {variable}. {why}"
        )

    def _on_signal(self, number: int, _frame: object) -> None:
        if self._signalled:
            os._exit(1)
        self._signalled = True


class Worker:
    """A thread that calls `work` every so many seconds.

    An outage (Unavailable) is logged when it begins, another exception each time; work goes on all the same.
    """

    def __init__(self, name: str, work: Callable[[], None], every: float = 1.0) -> None:
        self._name = name
        self._work = work
        self._every = every
        self._wake = threading.Event()
        self._stopping = False
        self._waits = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begins to work."""
        self._thread.start()

    def wake(self) -> None:
        """There is something to do now. Call it after the commit that made it so."""
        self._wake.set()

    def stop(self) -> None:
        """Works once more, then ends."""
        self._stopping = True
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(_WORKER_STOP_SECONDS)

    def _run(self) -> None:
        while not self._stopping:
            self._wake.wait(self._every)
            self._wake.clear()
            self._try()

    def _try(self) -> None:
        try:
            self._work()
            self._waits = False
        except Unavailable as error:
            if not self._waits:
                log.warning("work waits", extra={"worker": self._name, "reason": error.reason})
            self._waits = True
        except Exception:
            log.exception("work failed", extra={"worker": self._name})


def add_worker(service: Service, name: str, work: Callable[[], None], every: float = 1.0) -> Worker:
    """A Worker that starts and stops with the service."""
    worker = Worker(name, work, every)
    service.on_start(worker.start)
    service.on_stop(Stage.WORKERS, worker.stop)
    return worker
