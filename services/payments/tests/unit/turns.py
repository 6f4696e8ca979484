"""Threads that take turns: each stands still where it could be overtaken, until somebody lets it go on."""

from collections.abc import Callable
from enum import Enum, auto
from threading import Semaphore, Thread


class Fate(Enum):
    """What becomes of what somebody is about to do."""

    WELL = auto()
    ANSWER_LOST = auto()  # it is done, but nobody hears of it
    LATE = auto()  # it may be done at some later time
    DEATH = auto()


class Died(BaseException):
    """The process has ended in the middle of its work."""


class Turn:
    """Some work in a thread of its own, that goes on only as far as it is let."""

    def __init__(self, work: Callable[["Turn"], object]) -> None:
        self._work = work
        self._go, self._stands = Semaphore(0), Semaphore(0)
        self._fate = Fate.WELL
        self.is_over = False
        self.result: object = None
        self.error: BaseException | None = None
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()
        self._stands.acquire()

    def stand(self) -> Fate:
        """Called by the work: stands still, and says with which fate it goes on."""
        self._stands.release()
        self._go.acquire()
        if self._fate is Fate.DEATH:
            raise Died
        return self._fate

    def go_on(self, fate: Fate) -> None:
        """Lets the work go on until it stands still again, or is over."""
        self._fate = fate
        self._go.release()
        self._stands.acquire()
        if self.is_over:
            self._thread.join()

    def _run(self) -> None:
        try:
            self.result = self._work(self)
        except (Exception, Died) as error:
            self.error = error
        self.is_over = True
        self._stands.release()
