import logging
import threading

import pytest

from chassis.errors import Unavailable
from chassis.lifecycle import Worker

SHORT, NEVER = 0.01, 3600.0


class Work:
    """Work that counts its runs, and raises `failure` if it is set."""

    def __init__(self):
        self.failure = None
        self._runs = 0
        self._changed = threading.Condition()

    def __call__(self):
        with self._changed:
            self._runs += 1
            self._changed.notify_all()
        if self.failure:
            raise self.failure

    def has_run(self, times):
        with self._changed:
            return self._changed.wait_for(lambda: self._runs >= times, timeout=10)


@pytest.fixture
def work():
    return Work()


@pytest.fixture
def start_worker(work):
    """Start a worker with an interval in seconds until the test ends: start_worker(0.01)."""
    workers = []

    def start(interval):
        worker = Worker("packer", work, interval)
        workers.append(worker)
        worker.start()
        return worker

    yield start
    for worker in workers:
        worker.stop()


def test_work_is_repeated(work, start_worker):
    start_worker(SHORT)
    assert work.has_run(3)


def test_a_worker_that_is_woken_runs_at_once(work, start_worker):
    start_worker(NEVER).wake()
    assert work.has_run(1)


def test_a_worker_runs_once_more_before_it_stops(work, start_worker):
    start_worker(NEVER).stop()
    assert work.has_run(1)


@pytest.mark.parametrize("failure", [Unavailable("DATABASE_UNAVAILABLE", "Down."), ZeroDivisionError()])
def test_a_failure_does_not_stop_the_worker(work, start_worker, failure):
    work.failure = failure
    start_worker(SHORT)
    assert work.has_run(3)


def test_an_outage_is_logged_once_when_it_starts(work, start_worker, caplog):
    caplog.set_level(logging.WARNING)
    work.failure = Unavailable("DATABASE_UNAVAILABLE", "Down.")
    start_worker(SHORT)
    assert work.has_run(3)
    assert [record.reason for record in caplog.records] == ["DATABASE_UNAVAILABLE"]


def test_a_worker_that_never_started_can_be_stopped(work):
    Worker("packer", work).stop()
