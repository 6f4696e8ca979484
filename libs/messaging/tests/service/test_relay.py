from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from prometheus_client import REGISTRY

from chassis.context import RequestContext, use_context
from chassis.errors import Unavailable
from messaging.nats import NatsConnection
from messaging.outbox import Relay, write_to_outbox
from tests.support.broker import Broker
from tests.support.servers import connected
from tests.support.waiting import wait_until

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class CrashingBus(NatsConnection):
    """A nats whose process dies as soon as the broker has the messages."""

    def __init__(self, nats):
        self._nats = nats

    def check(self):
        self._nats.check()

    def publish(self, messages, timeout=5.0):
        self._nats.publish(messages, timeout)
        raise KeyboardInterrupt


@pytest.fixture
def sold(name):
    return f"market.{name}.sold"


@pytest.fixture
def heard(nats, sold):
    """The data of what the broker has heard so far."""
    return lambda: [event.data for event in Broker(nats).events(sold)]


@pytest.fixture
def sell(tables, sold):
    """Sells some pieces, each in a transaction of its own that tells of it."""

    def sell(pieces):
        for piece in range(pieces):
            with tables.transaction() as connection:
                write_to_outbox(connection, sold, {"piece": piece})

    return sell


@contextmanager
def running(relay):
    relay.start()
    try:
        yield relay
    finally:
        relay.stop()


def waiting(tables):
    """How many events are in the outbox."""
    with tables.connection() as connection:
        return connection.execute("SELECT count(*) AS number FROM outbox").fetchone()["number"]


def test_what_is_told_leaves_in_order_and_is_taken_out(tables, nats, sell, heard):
    sell(250)
    Relay(tables, nats).send_all()
    assert heard() == [{"piece": piece} for piece in range(250)]
    assert waiting(tables) == 0


def test_an_event_leaves_at_once_when_the_relay_is_woken(tables, nats, sell, heard):
    with running(Relay(tables, nats)) as relay:
        sell(1)
        relay.wake()
        wait_until(heard)


def test_an_event_that_nobody_wakes_the_relay_for_leaves_all_the_same(tables, nats, sell, heard):
    with running(Relay(tables, nats)):
        sell(1)
        wait_until(heard)


def test_a_relay_that_stops_sends_what_is_there(tables, nats, sell, heard):
    with running(Relay(tables, nats)):
        sell(3)
    assert len(heard()) == 3


def test_a_change_that_is_taken_back_is_not_told(tables, nats, sold, heard):
    with pytest.raises(ZeroDivisionError), tables.transaction() as connection:
        write_to_outbox(connection, sold, {"piece": 1})
        raise ZeroDivisionError
    Relay(tables, nats).send_all()
    assert heard() == []


def test_an_event_belongs_to_the_trace_of_the_call_that_it_comes_from(tables, nats, sold):
    with use_context(RequestContext({"traceparent": TRACEPARENT})), tables.transaction() as connection:
        write_to_outbox(connection, sold, {})
    Relay(tables, nats).send_all()
    assert [event.traceparent for event in Broker(nats).events(sold)] == [TRACEPARENT]


def test_a_crash_after_sending_sends_again_but_the_broker_keeps_it_once(tables, nats, sell, heard):
    sell(5)
    with pytest.raises(KeyboardInterrupt):
        Relay(tables, CrashingBus(nats)).send_all()
    assert (len(heard()), waiting(tables)) == (5, 5)
    Relay(tables, nats).send_all()
    assert (len(heard()), waiting(tables)) == (5, 0)


def test_several_relays_share_the_work(tables, nats, sell, heard):
    sell(500)
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda relay: relay.send_all(), [Relay(tables, nats) for _ in range(4)]))
    Relay(tables, nats).send_all()
    assert sorted(data["piece"] for data in heard()) == list(range(500))


def test_events_wait_while_the_broker_is_away_and_are_measured(tables, sell, sold, broker):
    sell(1)
    with tables.connection() as connection:
        connection.execute("UPDATE outbox SET time = time - interval '1 hour'")
    sell(1)
    with connected(broker.url) as nats:
        with pytest.raises(Unavailable):
            Relay(tables, nats).send_all()
        assert REGISTRY.get_sample_value("market_outbox_waiting") == waiting(tables) == 2
        assert 3600 <= (REGISTRY.get_sample_value("market_outbox_oldest_seconds") or 0) < 3700
        with broker.run():
            assert nats.wait_until_ready(10)
            Relay(tables, nats).send_all()
            assert len(Broker(nats).events(sold)) == 2
    assert REGISTRY.get_sample_value("market_outbox_waiting") == waiting(tables) == 0
    assert REGISTRY.get_sample_value("market_outbox_oldest_seconds") == 0
