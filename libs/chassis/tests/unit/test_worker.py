import logging
import threading

import pytest

from chassis.errors import Unavailable
from chassis.lifecycle import Worker

SOON, NEVER = 0.01, 3600.0


class Work:
    """Counts how often it is done; fails while it is told to."""

    def __init__(self):
        self.failure = None
        self._times = 0
        self._changed = threading.Condition()

    def __call__(self):
        with self._changed:
            self._times += 1
            self._changed.notify_all()
        if self.failure:
            raise self.failure

    def is_done(self, times):
        with self._changed:
            return self._changed.wait_for(lambda: self._times >= times, timeout=10)


@pytest.fixture
def work():
    return Work()


@pytest.fixture
def at_work(work):
    """Starts a worker for the length of the test: at_work(every)."""
    workers = []

    def start(every):
        workers.append(Worker("packer", work, every))
        workers[0].start()
        return workers[0]

    yield start
    for worker in workers:
        worker.stop()


def test_work_is_done_again_and_again(work, at_work):
    at_work(SOON)
    assert work.is_done(3)


def test_a_worker_that_is_woken_works_at_once(work, at_work):
    at_work(NEVER).wake()
    assert work.is_done(1)


def test_a_worker_works_once_more_before_it_stops(work, at_work):
    at_work(NEVER).stop()
    assert work.is_done(1)


@pytest.mark.parametrize("failure", [Unavailable("X", "Gone."), ZeroDivisionError()])
def test_a_failure_does_not_end_the_work(work, at_work, failure):
    work.failure = failure
    at_work(SOON)
    assert work.is_done(3)


def test_an_outage_is_logged_when_it_begins(work, at_work, caplog):
    caplog.set_level(logging.WARNING)
    work.failure = Unavailable("DATABASE_UNAVAILABLE", "Gone.")
    at_work(SOON)
    assert work.is_done(3)
    assert [record.reason for record in caplog.records] == ["DATABASE_UNAVAILABLE"]


def test_a_worker_that_never_started_can_be_stopped(work):
    Worker("packer", work).stop()
