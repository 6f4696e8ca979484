"""Work in the background: again and again, at once when woken, whatever went wrong the time before."""

import logging
import threading
from collections.abc import Callable

from chassis.errors import Unavailable
from chassis.lifecycle import Service, Stage

log = logging.getLogger(__name__)
_STOP_SECONDS = 5.0


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
            self._thread.join(_STOP_SECONDS)

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


def attach(service: Service, name: str, work: Callable[[], None], every: float = 1.0) -> Worker:
    """A Worker that starts and stops with the service."""
    worker = Worker(name, work, every)
    service.on_start(worker.start)
    service.on_stop(Stage.WORKERS, worker.stop)
    return worker
