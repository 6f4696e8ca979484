"""Processes that are paused or killed while they handle an event."""

import os
import signal
import subprocess

import pytest

import messaging.consumer
from libs.messaging.tests.service import consumer_process
from libs.messaging.tests.service.example_service import duplicates
from tests.support.waiting import wait_until

TIMEOUT = 60.0  # seconds; PostgreSQL ends the transaction of a paused process after ten


@pytest.fixture
def start(service_name, nats_url, database_url, tmp_path):
    """Start a process that waits before or after the commit of its first event: start("before")."""
    processes = []

    def run(position):
        environment = {**os.environ, "NATS_URL": nats_url, "DATABASE_URL": database_url, "ADMIN_PORT": "0"}
        with (tmp_path / "log").open("wb") as log:
            process = subprocess.Popen(
                [*consumer_process.COMMAND, service_name, tmp_path, position],
                env=environment,
                stdout=log,
                stderr=log,
            )
        processes.append(process)
        return process

    yield run
    for process in processes:
        process.kill()
        process.wait()


@pytest.fixture
def second(service, monkeypatch):
    """Return a second instance of the service, which does not consume events yet."""
    monkeypatch.setattr(messaging.consumer, "_ACK_WAIT_SECONDS", consumer_process.ACK_WAIT_SECONDS)
    return service


def assert_consumes(service):
    """Check that a new event takes effect, although only the resumed process consumes events now."""
    service.send("cup")
    wait_until(lambda: service.counts() == {"tea": 1, "cup": 1}, TIMEOUT)
    assert service.dead_letters() == []


def test_an_event_that_a_paused_process_has_started_takes_effect_once(start, second, tmp_path):
    first = start("before")
    second.send("tea")
    wait_until((tmp_path / "started").exists)
    first.send_signal(signal.SIGSTOP)
    with second.running():
        wait_until(lambda: second.counts() == {"tea": 1}, TIMEOUT)
    (tmp_path / "may-finish").touch()
    first.send_signal(signal.SIGCONT)
    wait_until(lambda: "DATABASE_UNAVAILABLE" in (tmp_path / "log").read_text(), TIMEOUT)
    assert_consumes(second)


def test_an_event_that_a_paused_process_has_committed_takes_effect_once(start, second, tmp_path, counted):
    first = start("after")
    second.send("tea")
    wait_until((tmp_path / "started").exists)
    first.send_signal(signal.SIGSTOP)
    with second.running():
        wait_until(lambda: duplicates(counted, second.subject))
    (tmp_path / "may-finish").touch()
    first.send_signal(signal.SIGCONT)
    assert_consumes(second)


def test_an_event_that_a_killed_process_has_started_takes_effect(start, second, tmp_path):
    first = start("before")
    second.send("tea")
    wait_until((tmp_path / "started").exists)
    first.kill()
    with second.running():
        wait_until(lambda: second.counts() == {"tea": 1}, TIMEOUT)
    assert second.dead_letters() == []
