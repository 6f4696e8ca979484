"""The one lifecycle: start in the order of registration; on SIGTERM stop in this order:

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
import threading
import time
from collections.abc import Callable
from enum import IntEnum

from chassis import logs, telemetry
from chassis.config import ServiceConfig
from chassis.health import AdminServer, Readiness

log = logging.getLogger(__name__)


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
        self._starts: list[Callable[[], None]] = []
        self._stops: list[tuple[Stage, Callable[[], None]]] = []
        logs.setup(config.service, config.log_level)
        telemetry.setup(config.service, config.otel_exporter_otlp_endpoint)
        self.on_stop(Stage.TELEMETRY, telemetry.flush)

    def on_start(self, start: Callable[[], None]) -> None:
        """Calls `start` when the service starts, after what was registered before."""
        self._starts.append(start)

    def on_stop(self, stage: Stage, stop: Callable[[], None]) -> None:
        """Calls `stop` at that stage, before what was registered earlier for the same stage."""
        self._stops.append((stage, stop))

    def start(self) -> None:
        """Starts all parts, the admin server last so that its answers are true."""
        for start in self._starts:
            start()
        admin = AdminServer(self.config.host, self.config.admin_port, self.readiness)
        self.on_stop(Stage.CLOSE, admin.stop)
        admin.start()
        log.info("started", extra={"port": self.config.port, "admin_port": admin.port})

    def stop(self) -> None:
        """Stops all parts in the order of the stages. A part that fails to stop doesn't keep the others from it."""
        self.leave()
        for stage, stop in sorted(reversed(self._stops), key=lambda entry: entry[0]):
            try:
                stop()
            except Exception:
                log.exception("could not stop cleanly", extra={"stage": stage.name})
        log.info("stopped")

    def leave(self) -> None:
        """Stages 1 and 2: not ready any more, and time for everybody to notice. Once; later calls return at once."""
        if not self.readiness.stopping:
            self.readiness.stop()
            time.sleep(self.config.drain_seconds)

    def run(self) -> None:
        """Starts, waits for SIGTERM or SIGINT, stops."""
        stopped = threading.Event()

        def on_signal(_number: int, _frame: object) -> None:
            if stopped.is_set():
                os._exit(1)
            stopped.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, on_signal)
        self.start()
        stopped.wait()
        self.stop()
