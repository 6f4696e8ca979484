"""What becomes of events while the broker has no room left for them."""

import time
from contextlib import ExitStack
from functools import partial
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY

import messaging.consumer
from chassis.errors import Unavailable
from libs.messaging.tests.service.shop import Failing, Shop
from messaging.nats import Message
from messaging.outbox import Relay, write_to_outbox
from tests.support.broker import Broker
from tests.support.full_broker import ROOM, fill, full_disk, make_room, needs_limits
from tests.support.servers import connected, own_broker
from tests.support.waiting import wait_until

SOON = 15.0  # seconds


@pytest.fixture
def small_broker(tmp_path):
    """A broker with little room, which does not run yet."""
    return own_broker(tmp_path, max_file_store=ROOM)


@pytest.fixture
def small_nats(small_broker):
    """A connection to it, while it runs."""
    with small_broker.run(), connected(small_broker.url) as nats:
        assert nats.wait_until_ready(10)
        yield nats


def sell(tables, subject, **data):
    with tables.transaction() as connection:
        write_to_outbox(connection, subject, data)


def waiting(tables):
    with tables.connection() as connection:
        return connection.execute("SELECT count(*) AS number FROM outbox").fetchone()["number"]


def does(work):
    """Whether it works."""
    try:
        work()
    except Unavailable as error:
        assert error.reason == "BROKER_UNAVAILABLE"
        return False
    return True


def test_a_message_that_finds_no_room_is_told_so_at_once(small_nats):
    fill(small_nats)
    begun = time.monotonic()
    with pytest.raises(Unavailable) as refused:
        small_nats.publish([Message("market.test.late", b"", str(uuid4()))] * 3)
    assert refused.value.reason == "BROKER_UNAVAILABLE"
    assert time.monotonic() - begun < 2


def test_an_event_waits_in_the_outbox_until_there_is_room(small_nats, tables, name):
    subject = f"market.{name}.sold"
    fill(small_nats)
    sell(tables, subject, name="tea")
    for _ in range(2):
        with pytest.raises(Unavailable):
            Relay(tables, small_nats).send_all()
    assert waiting(tables) == 1
    assert REGISTRY.get_sample_value("market_outbox_waiting") == 1
    make_room(small_nats)
    wait_until(partial(does, Relay(tables, small_nats).send_all))
    assert [event.data for event in Broker(small_nats).events(subject)] == [{"name": "tea"}]
    assert waiting(tables) == 0


def test_an_event_that_finds_no_room_among_the_dead_letters_waits_for_it(
    small_nats, tables, name, monkeypatch
):
    monkeypatch.setattr(messaging.consumer, "_RETRY_SECONDS", (0.01,))
    monkeypatch.setattr(messaging.consumer, "_ACK_WAIT_SECONDS", 0.5)
    shop = Shop(name, small_nats, tables)
    shop.first = failing = Failing("tea", times=1000)
    shop.hears("tea")
    fill(small_nats)
    with shop.open():
        wait_until(lambda: failing.tried > 2)
        assert shop.set_aside() == []
        make_room(small_nats)
        shop.gives_up()
        shop.hears("last")
        wait_until(partial(shop.has_counted, "last"))
    assert shop.counts() == {"last": 1}
    assert len(shop.set_aside()) == 1


@needs_limits
def test_an_event_outlives_a_disk_that_was_full_once_the_broker_is_restarted(broker, tables, name):
    subject = f"market.{name}.sold"
    with connected(broker.url) as nats:
        relay = Relay(tables, nats)
        with broker.run():
            assert nats.wait_until_ready(10)
            sell(tables, subject, name="tea")
            with full_disk(broker), pytest.raises(Unavailable):
                relay.send_all()
            assert waiting(tables) == 1
        with broker.run():
            wait_until(partial(does, relay.send_all), SOON)
            assert [event.data for event in Broker(nats).events(subject)] == [{"name": "tea"}]


@needs_limits
def test_a_service_that_comes_while_the_disk_is_full_says_so_once_and_listens_later(
    broker, tables, name, caplog, monkeypatch
):
    with broker.run(), connected(broker.url) as nats, ExitStack() as opened:
        shop = Shop(name, nats, tables)
        assert nats.wait_until_ready(10)
        shop.hears("tea")
        tries = counting(monkeypatch, nats.jetstream, "add_consumer")
        with full_disk(broker):
            opened.enter_context(shop.open())
            wait_until(lambda: len(tries) > 3)
        wait_until(partial(shop.has_counted, "tea"), SOON)
    assert len(told(caplog)) == 1


def counting(monkeypatch, owner, name):
    """A list that grows with each call of a method."""
    calls, original = [], getattr(owner, name)

    def counted(*arguments):
        calls.append(arguments)
        return original(*arguments)

    monkeypatch.setattr(owner, name, counted)
    return calls


def told(caplog):
    return [record for record in caplog.records if record.message == "consumer failed; retrying"]
