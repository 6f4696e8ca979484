"""The faults in force, and what they do to a call. They are kept in memory: a bank that starts is well."""

import logging
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from bank import connection
from bank.domain.faults import BankBusy, Faults

log = logging.getLogger(__name__)
THREADS = 64  # a late answer occupies one; they are made when they are needed
_MOST_LATE = 48  # so that there is always a thread for whoever makes the bank well again


class Trouble:
    """The bank's faults. Every method may be called by several threads at once."""

    def __init__(self) -> None:
        self._faults = Faults()
        self._changed = threading.Condition()
        self._late = threading.BoundedSemaphore(_MOST_LATE)

    @property
    def faults(self) -> Faults:
        """What is in force now."""
        return self._faults

    def be(self, faults: Faults) -> Faults:
        """Puts these faults in force instead of those before; answers that are held back by those leave now."""
        with self._changed:
            self._faults = faults
            self._changed.notify_all()
        log.warning("faults in force", extra=asdict(faults))
        return faults

    @contextmanager
    def around_a_call(self) -> Iterator[None]:
        """Lets the faults happen to the call in the block. Raises BankDown, BankFlaky and BankBusy."""
        faults, luck = self._faults, random.random()
        faults.check_up()
        with self._late_answer(faults):
            try:
                faults.check_taken(luck)
                yield
            finally:
                if faults.loses_answer(luck):
                    connection.cut()

    @contextmanager
    def _late_answer(self, faults: Faults) -> Iterator[None]:
        if not faults.delay_seconds:
            yield
            return
        if not self._late.acquire(blocking=False):
            raise BankBusy("The bank is slow, and too many wait already. Try again later.")
        try:
            yield
        finally:
            with self._changed:
                self._changed.wait_for(lambda: self._faults is not faults, faults.delay_seconds)
            self._late.release()
