"""What becomes of events and baskets while the broker has no room left for them."""

import resource
import time
from contextlib import ExitStack, contextmanager
from functools import partial
from uuid import uuid4

import psutil
import pytest
from prometheus_client import REGISTRY

import chassis.consumer
from chassis.bus import STREAM, Message
from chassis.errors import Unavailable
from chassis.events import write_to_outbox
from chassis.keyvalue import KeyValue
from chassis.relay import Relay
from chassis.testing import Broker, eventually
from libs.chassis.tests.service.servers import connected, own_broker
from libs.chassis.tests.service.shop import Failing, Shop

ROOM = 100_000  # bytes
SOON = 15.0  # seconds
needs_limits = pytest.mark.skipif(not hasattr(psutil.Process, "rlimit"), reason="no limits on this system")


@pytest.fixture
def small_broker(tmp_path):
    """A broker with little room, which does not run yet."""
    return own_broker(tmp_path, max_file_store=ROOM)


@pytest.fixture
def small_bus(small_broker):
    """A connection to it, while it runs."""
    with small_broker.run(), connected(small_broker.url) as bus:
        assert bus.wait_until_ready(10)
        yield bus


def fill(bus):
    """Leaves no room in the broker."""
    with pytest.raises(Unavailable):
        while True:
            bus.publish([Message("market.test.filler", b"x" * 1000, str(uuid4()))])


def make_room(bus):
    bus.run(bus.jetstream.purge_stream(STREAM, subject="market.test.filler"))


@contextmanager
def full_disk(server):
    """A block in which the broker can write to no file, as on a disk that is full."""
    process = server.process()
    process.rlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    yield
    process.rlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


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


def test_a_message_that_finds_no_room_is_told_so_at_once(small_bus):
    fill(small_bus)
    begun = time.monotonic()
    with pytest.raises(Unavailable) as refused:
        small_bus.publish([Message("market.test.late", b"", str(uuid4()))] * 3)
    assert refused.value.reason == "BROKER_UNAVAILABLE"
    assert time.monotonic() - begun < 2


def test_an_event_waits_in_the_outbox_until_there_is_room(small_bus, tables, stall):
    subject = f"market.{stall}.sold"
    fill(small_bus)
    sell(tables, subject, name="tea")
    for _ in range(2):
        with pytest.raises(Unavailable):
            Relay(tables, small_bus).send_all()
    assert waiting(tables) == 1
    assert REGISTRY.get_sample_value("market_outbox_waiting") == 1
    make_room(small_bus)
    eventually(partial(does, Relay(tables, small_bus).send_all))
    assert [event.data for event in Broker(small_bus).told(subject)] == [{"name": "tea"}]
    assert waiting(tables) == 0


def test_a_value_that_finds_no_room_is_an_outage_and_the_old_one_stays(small_bus):
    baskets = KeyValue(small_bus, "baskets")
    baskets.change("ada", lambda _: b"tea")
    fill(small_bus)
    for key in ("ada", "bob"):
        with pytest.raises(Unavailable) as refused:
            baskets.change(key, lambda _: b"tea and cups")
        assert refused.value.reason == "BROKER_UNAVAILABLE"
    assert baskets.get("ada") == b"tea"
    make_room(small_bus)
    eventually(partial(does, lambda: baskets.change("ada", lambda _: b"cups")))
    assert baskets.get("ada") == b"cups"


def test_an_event_that_finds_no_room_among_the_dead_letters_waits_for_it(
    small_bus, tables, stall, monkeypatch
):
    monkeypatch.setattr(chassis.consumer, "_RETRY_SECONDS", (0.01,))
    monkeypatch.setattr(chassis.consumer, "_ACK_WAIT_SECONDS", 0.5)
    shop = Shop(stall, small_bus, tables)
    shop.first = failing = Failing("tea", times=1000)
    shop.hears("tea")
    fill(small_bus)
    with shop.open():
        eventually(lambda: failing.tried > 2)
        assert shop.set_aside() == []
        make_room(small_bus)
        shop.gives_up()
        shop.hears("last")
        eventually(partial(shop.has_counted, "last"))
    assert shop.counts() == {"last": 1}
    assert len(shop.set_aside()) == 1


@needs_limits
def test_a_basket_that_a_full_disk_does_not_take_is_an_outage(broker):
    with broker.run(), connected(broker.url) as bus:
        assert bus.wait_until_ready(10)
        with full_disk(broker), pytest.raises(Unavailable) as refused:
            KeyValue(bus, "baskets").change("ada", lambda _: b"tea")
    assert refused.value.reason == "BROKER_UNAVAILABLE"


@needs_limits
def test_an_event_outlives_a_disk_that_was_full_once_the_broker_is_restarted(broker, tables, stall):
    subject = f"market.{stall}.sold"
    with connected(broker.url) as bus:
        relay = Relay(tables, bus)
        with broker.run():
            assert bus.wait_until_ready(10)
            sell(tables, subject, name="tea")
            with full_disk(broker), pytest.raises(Unavailable):
                relay.send_all()
            assert waiting(tables) == 1
        with broker.run():
            eventually(partial(does, relay.send_all), SOON)
            assert [event.data for event in Broker(bus).told(subject)] == [{"name": "tea"}]


@needs_limits
def test_a_service_that_comes_while_the_disk_is_full_says_so_once_and_listens_later(
    broker, tables, stall, caplog, monkeypatch
):
    with broker.run(), connected(broker.url) as bus, ExitStack() as opened:
        shop = Shop(stall, bus, tables)
        assert bus.wait_until_ready(10)
        shop.hears("tea")
        tries = counting(monkeypatch, bus.jetstream, "add_consumer")
        with full_disk(broker):
            opened.enter_context(shop.open())
            eventually(lambda: len(tries) > 3)
        eventually(partial(shop.has_counted, "tea"), SOON)
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
    return [record for record in caplog.records if record.message == "the consumer goes on"]
