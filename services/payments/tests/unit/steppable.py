"""A function in a thread that stops wherever another process could overtake it, until the test lets it continue."""

from collections.abc import Callable
from enum import Enum, auto
from threading import Semaphore, Thread


class Fault(Enum):
    """What happens to the operation at which a run has stopped."""

    NONE = auto()
    RESPONSE_LOST = auto()  # the operation is done, but the caller gets no response
    DELAYED = auto()  # the operation may be done at a later time
    CRASH = auto()


class Crashed(BaseException):
    """The process has ended in the middle of its work."""


class SteppableRun:
    """A run of `work` in its own thread, which continues only when the test says so."""

    def __init__(self, work: Callable[["SteppableRun"], object]) -> None:
        self._work = work
        self._resume, self._stopped = Semaphore(0), Semaphore(0)
        self._fault = Fault.NONE
        self.is_finished = False
        self.error: BaseException | None = None
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()
        self._stopped.acquire()

    def stop(self) -> Fault:
        """Called by the work: wait for the test, and return the fault to apply to the next operation."""
        self._stopped.release()
        self._resume.acquire()
        if self._fault is Fault.CRASH:
            raise Crashed
        return self._fault

    def step(self, fault: Fault) -> None:
        """Let the work continue to its next stop or its end."""
        self._fault = fault
        self._resume.release()
        self._stopped.acquire()
        if self.is_finished:
            self._thread.join()

    def _run(self) -> None:
        try:
            self._work(self)
        except (Exception, Crashed) as error:
            self.error = error
        self.is_finished = True
        self._stopped.release()
