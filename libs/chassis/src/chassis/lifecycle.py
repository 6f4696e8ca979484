"""The lifecycle of a service. Parts start in the order of registration; on SIGTERM or SIGINT they stop in this order:

1. unready    readiness answers 503, so that no new requests are sent here
2. drain      wait DRAIN_SECONDS, until every caller has noticed
3. servers    stop accepting, finish the requests in progress (at most STOP_SECONDS)
4. workers    background threads finish their current work
5. telemetry  send the last spans
6. close      database pools, connections, the admin server

A second signal ends the process at once. Every thread is a daemon thread, so that work that does not end in time
never keeps the process alive.
"""

import logging
import signal
import socket
import sys
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
    """When a part stops; the module's text lists all stages."""

    SERVERS = 3
    WORKERS = 4
    TELEMETRY = 5
    CLOSE = 6


class Service:
    """One service process: its configuration, its readiness, and the parts that start and stop with it."""

    def __init__(self, config: ServiceConfig) -> None:
        self.config = config
        self.readiness = Readiness()
        self._starts: list[Callable[[], object]] = []
        self._stops: list[tuple[Stage, Callable[[], object]]] = []
        self._signaled = False
        self._started = False
        endpoint = config.otel_exporter_otlp_endpoint
        export_logs = config.otel_logs_exporter is LogsExporter.OTLP
        logs.setup(config.service, config.log_level, endpoint if export_logs else "")
        telemetry.setup(config.service, endpoint)
        self.on_stop(Stage.TELEMETRY, telemetry.flush)

    def on_start(self, start: Callable[[], object]) -> None:
        """Call `start` when the service starts, after all that was registered before it."""
        self._starts.append(start)

    def on_stop(self, stage: Stage, stop: Callable[[], object]) -> None:
        """Call `stop` at this stage, before all that was registered earlier for the same stage.

        It is also called if the service stops before it has started that part.
        """
        self._stops.append((stage, stop))

    def start(self) -> None:
        """Start all parts. The admin server starts last, so that its answers are true."""
        for start in self._starts:
            start()
        config = self.config
        host = config.admin_host or config.host
        try:
            admin = AdminServer(host, config.admin_port, self.readiness)
        except OSError as error:
            raise self.port_taken("ADMIN_PORT", config.admin_port, error, host) from None
        self.on_stop(Stage.CLOSE, admin.stop)
        admin.start()
        self._started = True
        log.info("started", extra={"port": config.port, "admin_port": admin.port})

    def stop(self) -> None:
        """Stop all parts in the order of the stages. If one fails to stop, the others stop all the same."""
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
        """Start, wait for SIGTERM or SIGINT, stop, and end the process."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        # The system may give a signal to any thread, but Python runs the handler in this one: the socket wakes it.
        waker, awakened = socket.socketpair()
        waker.setblocking(False)
        signal.set_wakeup_fd(waker.fileno())
        try:
            self.start()
            awakened.recv(1)
        finally:
            self.stop()
        sys.exit()

    def port_taken(self, variable: str, port: int, reason: object = "", host: str = "") -> SystemExit:
        """Return the exception for a port that is in use: one clear line, and exit code 1."""
        address = f"{host or self.config.host}:{port}"
        return SystemExit(
            f"{self.config.service}: cannot listen on {address}, is it taken? Set {variable}. {reason}"
        )

    def _on_signal(self, number: int, _frame: object) -> None:
        if self._signaled:
            sys.exit(1)
        self._signaled = True


class Worker:
    """A thread that calls `work` every `every` seconds, and at once after `wake`.

    An outage (Unavailable) is logged when it begins, any other exception each time. The thread continues in both cases.
    """

    def __init__(self, name: str, work: Callable[[], None], every: float = 1.0) -> None:
        self._name = name
        self._work = work
        self._every = every
        self._wake = threading.Event()
        self._stopping = False
        self._outage = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def wake(self) -> None:
        """Have the work done now. Call this after the commit that makes it necessary."""
        self._wake.set()

    def stop(self) -> None:
        """Do the work once more, then end the thread."""
        self._stopping = True
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(_WORKER_STOP_SECONDS)

    def _run(self) -> None:
        while not self._stopping:
            self._wake.wait(self._every)
            self._wake.clear()
            try:
                self._work()
                self._outage = False
            except Unavailable as error:
                if not self._outage:
                    log.warning("worker is waiting", extra={"worker": self._name, "reason": error.reason})
                self._outage = True
            except Exception:
                log.exception("worker failed", extra={"worker": self._name})


def add_worker(service: Service, name: str, work: Callable[[], None], every: float = 1.0) -> Worker:
    """Add a Worker that starts and stops with the service."""
    worker = Worker(name, work, every)
    service.on_start(worker.start)
    service.on_stop(Stage.WORKERS, worker.stop)
    return worker
