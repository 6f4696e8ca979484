"""Injects faults into calls. The faults are kept in memory, so a restart clears them."""

import errno
import logging
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import NoReturn

import flask

from bank.domain.faults import BankBusy, Faults

log = logging.getLogger(__name__)
THREADS = 64  # each delayed response occupies one
_MAX_DELAYED = 48  # so that a thread is always free for the call that clears the faults


class FaultInjector:
    """The active faults of the bank. Thread-safe."""

    def __init__(self) -> None:
        self._faults = Faults()
        self._changed = threading.Condition()
        self._delayed = threading.BoundedSemaphore(_MAX_DELAYED)

    @property
    def faults(self) -> Faults:
        """The active faults."""
        return self._faults

    def set_faults(self, faults: Faults) -> Faults:
        """Replace the active faults, and send the responses that the previous faults delay."""
        with self._changed:
            self._faults = faults
            self._changed.notify_all()
        log.warning(
            "bank faults active" if faults != Faults() else "bank faults cleared", extra=asdict(faults)
        )
        return faults

    @contextmanager
    def inject(self) -> Iterator[None]:
        """Inject the active faults into the call in the block. Raises BankDown, BankFlaky and BankBusy."""
        faults, sample = self._faults, random.random()
        faults.check_up()
        with self._delay(faults):
            try:
                faults.check_accepted(sample)
                yield
            finally:
                if faults.loses_response(sample):
                    close_connection()

    @contextmanager
    def _delay(self, faults: Faults) -> Iterator[None]:
        if not faults.delay_seconds:
            yield
            return
        if not self._delayed.acquire(blocking=False):
            raise BankBusy("The bank is slow, and too many calls are waiting already. Try again later.")
        try:
            yield
        finally:
            with self._changed:
                self._changed.wait_for(lambda: self._faults is not faults, faults.delay_seconds)
            self._delayed.release()


def close_connection() -> None:
    """Close the client's connection, so that it never gets the response to the current request."""
    flask.after_this_request(lambda _: _LostResponse())


class _LostResponse(flask.Response):
    """Fails like a broken connection: the server closes the connection without a response."""

    def __call__(self, environ: object, start_response: object) -> NoReturn:
        raise ConnectionResetError(errno.ECONNRESET, "the response is lost on purpose")
