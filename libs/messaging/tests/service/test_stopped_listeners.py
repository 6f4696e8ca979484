"""Processes that are frozen or killed in the middle of an event."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import messaging.consumer
from chassis.postgres import Database
from laptop.ephemeral import create_database
from libs.messaging.tests.service import listener
from libs.messaging.tests.service.conftest import make_tables
from libs.messaging.tests.service.shop import Shop
from tests.support.waiting import wait_until

SOON = 60.0  # seconds; the database ends the transaction of a frozen process after ten
PROGRAM = Path(listener.__file__)


@pytest.fixture
def database_url(postgres_url):
    return create_database(postgres_url)


@pytest.fixture
def tables(database_url):
    database = Database(database_url)
    database.open()
    make_tables(database)
    yield database
    database.close()


@pytest.fixture
def start(name, nats_url, database_url, tmp_path):
    """Starts a process of the service, which stays at a place of handling an event: start("before")."""
    started = []

    def run(place):
        environment = {**os.environ, "NATS_URL": nats_url, "DATABASE_URL": database_url, "ADMIN_PORT": "0"}
        with (tmp_path / "log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, PROGRAM, name, tmp_path, place], env=environment, stdout=log, stderr=log
            )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def second(name, nats, tables, monkeypatch):
    """Another process of the service, which does not listen yet."""
    monkeypatch.setattr(messaging.consumer, "_ACK_WAIT_SECONDS", listener.ACK_WAIT_SECONDS)
    return Shop(name, nats, tables)


def test_what_a_frozen_process_has_begun_another_does_and_it_is_not_done_twice(start, second, tmp_path):
    first = start("before")
    second.hears("tea")
    wait_until((tmp_path / "begun").exists)
    first.send_signal(signal.SIGSTOP)
    with second.open():
        wait_until(lambda: second.counts() == {"tea": 1}, SOON)
    (tmp_path / "may-finish").touch()
    first.send_signal(signal.SIGCONT)
    wait_until(lambda: "DATABASE_UNAVAILABLE" in (tmp_path / "log").read_text(), SOON)
    goes_on(second)


def test_what_a_frozen_process_has_done_another_does_not_do_again(start, second, tmp_path, counted):
    first = start("after")
    second.hears("tea")
    wait_until((tmp_path / "begun").exists)
    first.send_signal(signal.SIGSTOP)
    with second.open():
        wait_until(lambda: repeated(second, counted))
    (tmp_path / "may-finish").touch()
    first.send_signal(signal.SIGCONT)
    goes_on(second)


def repeated(shop, counted):
    return counted("market_events_handled_total", type=shop.sold, outcome="repeated")


def goes_on(shop):
    """The process that was frozen is the only one that listens now."""
    shop.hears("cup")
    wait_until(lambda: shop.counts() == {"tea": 1, "cup": 1}, SOON)
    assert shop.set_aside() == []


def test_what_a_killed_process_has_begun_another_does(start, second, tmp_path):
    first = start("before")
    second.hears("tea")
    wait_until((tmp_path / "begun").exists)
    first.kill()
    with second.open():
        wait_until(lambda: second.counts() == {"tea": 1}, SOON)
    assert second.set_aside() == []
