"""Events are kept if the store of NATS or its disk is full."""

import time
from contextlib import ExitStack
from functools import partial
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY

import messaging.consumer
from chassis.errors import Unavailable
from libs.messaging.tests.service.example_service import ExampleService, Failing, outbox_size
from messaging.nats import Message
from messaging.outbox import Relay, write_to_outbox
from tests.support.nats import (
    STORE_BYTES,
    EventClient,
    connected,
    fill_store,
    free_store,
    full_disk,
    needs_rlimit,
)
from tests.support.servers import restartable_nats
from tests.support.waiting import wait_until

RECOVERY_TIMEOUT = 15.0  # seconds


@pytest.fixture
def small_server(tmp_path):
    """Return a NATS server with a small store. It does not run yet."""
    return restartable_nats(tmp_path, max_file_store=STORE_BYTES)


@pytest.fixture
def small_nats(small_server):
    """Return a connection to that server, which runs."""
    with small_server.run(), connected(small_server.url) as nats:
        assert nats.wait_until_ready(10)
        yield nats


def write_event(database, subject, **data):
    with database.transaction() as connection:
        write_to_outbox(connection, subject, data)


def succeeds(function):
    """Return whether a function succeeds. A failure must be an outage of NATS."""
    try:
        function()
    except Unavailable as error:
        assert error.reason == "BROKER_UNAVAILABLE"
        return False
    return True


def test_a_message_that_does_not_fit_is_rejected_at_once(small_nats):
    fill_store(small_nats)
    started = time.monotonic()
    with pytest.raises(Unavailable) as failure:
        small_nats.publish([Message("market.test.late", b"", str(uuid4()))] * 3)
    assert failure.value.reason == "BROKER_UNAVAILABLE"
    assert time.monotonic() - started < 2


def test_an_event_stays_in_the_outbox_until_there_is_space(small_nats, database, subject):
    fill_store(small_nats)
    write_event(database, subject, name="tea")
    for _ in range(2):
        with pytest.raises(Unavailable):
            Relay(database, small_nats).send_all()
    assert outbox_size(database) == 1
    assert REGISTRY.get_sample_value("market_outbox_waiting") == 1
    free_store(small_nats)
    wait_until(partial(succeeds, Relay(database, small_nats).send_all))
    assert [event.data for event in EventClient(small_nats).events(subject)] == [{"name": "tea"}]
    assert outbox_size(database) == 0


def test_an_event_is_dead_lettered_once_there_is_space(small_nats, database, service_name, monkeypatch):
    monkeypatch.setattr(messaging.consumer, "_RETRY_SECONDS", (0.01,))
    monkeypatch.setattr(messaging.consumer, "_ACK_WAIT_SECONDS", 0.5)
    service = ExampleService(service_name, small_nats, database)
    service.hook = failing = Failing("tea", times=1000)
    service.send("tea")
    fill_store(small_nats)
    with service.running():
        wait_until(lambda: failing.attempts > 2)
        assert service.dead_letters() == []
        free_store(small_nats)
        service.wait_for_dead_letters()
        service.send("last")
        wait_until(partial(service.has_counted, "last"))
    assert service.counts() == {"last": 1}
    assert len(service.dead_letters()) == 1


@needs_rlimit
def test_an_event_survives_a_full_disk_and_a_restart_of_nats(nats_server, database, subject):
    with connected(nats_server.url) as nats:
        relay = Relay(database, nats)
        with nats_server.run():
            assert nats.wait_until_ready(10)
            write_event(database, subject, name="tea")
            with full_disk(nats_server), pytest.raises(Unavailable):
                relay.send_all()
            assert outbox_size(database) == 1
        with nats_server.run():
            wait_until(partial(succeeds, relay.send_all), RECOVERY_TIMEOUT)
            assert [event.data for event in EventClient(nats).events(subject)] == [{"name": "tea"}]


@needs_rlimit
def test_a_service_that_starts_with_a_full_disk_logs_it_once_and_consumes_later(
    nats_server, database, service_name, caplog, monkeypatch
):
    with nats_server.run(), connected(nats_server.url) as nats, ExitStack() as opened:
        service = ExampleService(service_name, nats, database)
        assert nats.wait_until_ready(10)
        service.send("tea")
        attempts = record_calls(monkeypatch, nats.jetstream, "add_consumer")
        with full_disk(nats_server):
            opened.enter_context(service.running())
            wait_until(lambda: len(attempts) > 3)
        wait_until(partial(service.has_counted, "tea"), RECOVERY_TIMEOUT)
    failures = [record for record in caplog.records if record.message == "consumer failed; retrying"]
    assert len(failures) == 1


def record_calls(monkeypatch, owner, name):
    """Return a list that grows by one with each call of a method."""
    calls, original = [], getattr(owner, name)

    def recorded(*arguments):
        calls.append(arguments)
        return original(*arguments)

    monkeypatch.setattr(owner, name, recorded)
    return calls
