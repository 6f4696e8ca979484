from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from prometheus_client import REGISTRY

from chassis.context import RequestContext, use_context
from chassis.errors import Unavailable
from libs.messaging.tests.service.example_service import CrashingConnection, outbox_size
from messaging.outbox import Relay, write_to_outbox
from tests.support.nats import EventClient, connected
from tests.support.tracing import TRACEPARENT
from tests.support.waiting import wait_until


@pytest.fixture
def received(nats, subject):
    """Return a function that returns the data of all events that NATS has received."""
    return lambda: [event.data for event in EventClient(nats).events(subject)]


@pytest.fixture
def write_events(database, subject):
    """Write numbered events to the outbox, each in a separate transaction: write_events(3)."""

    def write(count):
        for number in range(count):
            with database.transaction() as connection:
                write_to_outbox(connection, subject, {"number": number})

    return write


@contextmanager
def running(relay):
    relay.start()
    try:
        yield relay
    finally:
        relay.stop()


def test_events_are_sent_in_order_and_removed_from_the_outbox(database, nats, write_events, received):
    write_events(250)
    Relay(database, nats).send_all()
    assert received() == [{"number": number} for number in range(250)]
    assert outbox_size(database) == 0


def test_a_relay_that_is_woken_sends_an_event_at_once(database, nats, write_events, received):
    with running(Relay(database, nats)) as relay:
        write_events(1)
        relay.wake()
        wait_until(received)


def test_a_relay_that_is_not_woken_sends_an_event_later(database, nats, write_events, received):
    with running(Relay(database, nats)):
        write_events(1)
        wait_until(received)


def test_a_relay_sends_the_remaining_events_before_it_stops(database, nats, write_events, received):
    with running(Relay(database, nats)):
        write_events(3)
    assert len(received()) == 3


def test_an_event_of_a_rolled_back_transaction_is_not_sent(database, nats, subject, received):
    with pytest.raises(ZeroDivisionError), database.transaction() as connection:
        write_to_outbox(connection, subject, {"number": 1})
        raise ZeroDivisionError
    Relay(database, nats).send_all()
    assert received() == []


def test_an_event_has_the_trace_of_the_request_that_wrote_it(database, nats, subject):
    with use_context(RequestContext({"traceparent": TRACEPARENT})), database.transaction() as connection:
        write_to_outbox(connection, subject, {})
    Relay(database, nats).send_all()
    assert [event.traceparent for event in EventClient(nats).events(subject)] == [TRACEPARENT]


def test_events_that_are_sent_again_after_a_crash_are_stored_once(database, nats, write_events, received):
    write_events(5)
    with pytest.raises(KeyboardInterrupt):
        Relay(database, CrashingConnection(nats)).send_all()
    assert (len(received()), outbox_size(database)) == (5, 5)
    Relay(database, nats).send_all()
    assert (len(received()), outbox_size(database)) == (5, 0)


def test_several_relays_send_each_event_once(database, nats, write_events, received):
    write_events(500)
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda relay: relay.send_all(), [Relay(database, nats) for _ in range(4)]))
    Relay(database, nats).send_all()
    assert sorted(data["number"] for data in received()) == list(range(500))


def test_events_wait_during_an_outage_of_nats_and_are_measured(database, write_events, subject, nats_server):
    write_events(1)
    with database.connection() as connection:
        connection.execute("UPDATE outbox SET time = time - interval '1 hour'")
    write_events(1)
    with connected(nats_server.url) as nats:
        with pytest.raises(Unavailable):
            Relay(database, nats).send_all()
        assert REGISTRY.get_sample_value("market_outbox_waiting") == outbox_size(database) == 2
        assert 3600 <= (REGISTRY.get_sample_value("market_outbox_oldest_seconds") or 0) < 3700
        with nats_server.run():
            assert nats.wait_until_ready(10)
            Relay(database, nats).send_all()
            assert len(EventClient(nats).events(subject)) == 2
    assert REGISTRY.get_sample_value("market_outbox_waiting") == outbox_size(database) == 0
    assert REGISTRY.get_sample_value("market_outbox_oldest_seconds") == 0
