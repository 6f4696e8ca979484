import math
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY

import messaging.consumer
from chassis import context
from chassis.config import ServiceConfig
from chassis.errors import Invalid, NotFound, Unavailable
from chassis.lifecycle import Service
from libs.messaging.tests.service.shop import TRACEPARENT, Failing, Shop
from messaging.consumer import add_consumer
from messaging.dead_letters import count, replay_subject
from messaging.events import Event, encode
from messaging.nats import DEAD_STREAM, Message, NatsConnection
from tests.support.broker import Broker
from tests.support.servers import connected
from tests.support.waiting import wait_until
from tools.dead_letters import as_table, dead_letters, replay, replay_all

NEVER = 1000
TRIES = 2


class CrashingConnection(NatsConnection):
    """A connection whose process dies as soon as the broker has the messages."""

    def __init__(self, nats):
        self._nats = nats

    def publish(self, messages, timeout=5.0):
        self._nats.publish(messages, timeout)
        raise KeyboardInterrupt


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(messaging.consumer, "_RETRY_SECONDS", (0.01,) * TRIES)


@pytest.fixture
def shop(name, nats, tables):
    return Shop(name, nats, tables)


@pytest.fixture
def closed(tables):
    """Forbids, until it is called, that things of this name are counted, as a wrong constraint does."""

    def close(name):
        with tables.connection() as connection:
            connection.execute(f"ALTER TABLE effects ADD CONSTRAINT closed CHECK (name <> '{name}')")

    return close


def mend(tables):
    with tables.connection() as connection:
        connection.execute("ALTER TABLE effects DROP CONSTRAINT closed")


def cells(text):
    """The rows of a table."""
    return [[cell for cell in line.split("  ") if cell] for line in text.splitlines()[1:]]


def test_a_dead_letter_tells_what_it_is_of_whom_and_why(shop, nats):
    shop.first = Failing("tea", NEVER)
    with shop.open():
        event = Event(shop.sold, {"name": "tea", "orderId": "order-1"}, "event-1", TRACEPARENT)
        shop.sends(encode(event))
        shop.gives_up()
    [row] = cells(as_table(nats, shop.name))
    assert [cell.strip() for cell in row[1:5]] == [shop.name, shop.sold, "event-1", "order-1"]
    assert [cell.strip() for cell in row[6:]] == [str(TRIES + 1), "ZeroDivisionError()"]


def test_a_dead_letter_keeps_its_trace(shop, nats):
    shop.first = Failing("tea", NEVER)
    with shop.open():
        shop.hears("tea")
        shop.gives_up()
    [letter] = dead_letters(nats, shop.name)
    assert letter.traceparent == TRACEPARENT


def test_the_message_itself_is_shown_to_who_asks(shop, nats):
    with shop.open():
        shop.sends(b"\x1b[31m no event")
        shop.gives_up()
    assert "no event" not in as_table(nats, shop.name)
    assert r"b'\x1b[31m no event'" in as_table(nats, shop.name, verbose=True)


def test_what_a_message_says_can_not_play_with_the_terminal(shop, nats):
    shop.first = Failing("tea", NEVER)
    with shop.open():
        shop.hears("tea", event_id="\x1b[2Jgone")
        shop.gives_up()
    assert "\x1b" not in as_table(nats, shop.name, verbose=True)


def test_where_nothing_is_set_aside_that_is_said(nats, name):
    assert as_table(nats, name) == replay_all(nats, name) == f"There are no dead letters of {name}."


def test_an_event_takes_effect_once_its_service_is_mended_and_it_is_sent_back(shop, nats, tables, closed):
    closed("tea")
    with shop.open():
        shop.hears("tea")
        [dead] = shop.gives_up()
        assert "CheckViolation" in dead.headers["Market-Error"]
        mend(tables)
        assert replay_all(nats, shop.name) == f"1 event replayed: 1 to {shop.name}"
        wait_until(lambda: shop.counts() == {"tea": 1})
    assert shop.set_aside() == []


def test_an_event_that_is_sent_back_stays_in_its_trace(shop, nats):
    seen = []
    shop.first = Failing("tea", TRIES + 1)
    with shop.open():
        shop.hears("tea")
        shop.gives_up()
        shop.first = lambda event: seen.append(context.current().headers)
        replay_all(nats, shop.name)
        wait_until(lambda: seen)
    assert seen == [{"traceparent": TRACEPARENT}]


def test_an_event_that_is_sent_back_is_heard_by_its_own_service_alone(shop, nats, tables, name):
    other = Shop(f"{name}-other", nats, tables)
    other.sold = shop.sold
    shop.sends(b"no event")
    with shop.open(), other.open():
        shop.gives_up()
        other.gives_up()
        replay_all(nats, shop.name)
        wait_until(lambda: shop.set_aside())
        shop.hears("last")
        wait_until(lambda: "last" in other.counts())
    assert len(other.set_aside()) == 1


def test_what_fails_again_is_set_aside_again_as_what_it_was_first(shop, nats):
    shop.first = Failing("tea", NEVER)
    with shop.open():
        shop.hears("tea")
        shop.gives_up()
        [first] = dead_letters(nats, shop.name)
        replay_all(nats, shop.name)
        [again] = wait_until(lambda: list(dead_letters(nats, shop.name)))
    assert again.number > first.number
    assert (again.subject, again.payload) == (first.subject, first.payload)
    assert shop.first.tried == 2 * (TRIES + 1)


def test_a_crash_before_it_is_taken_out_lets_it_take_effect_once(shop, nats):
    shop.first = Failing("tea", TRIES + 1)
    with shop.open():
        shop.hears("tea")
        shop.gives_up()
        [letter] = dead_letters(nats, shop.name)
        with pytest.raises(KeyboardInterrupt):
            replay(CrashingConnection(nats), letter)
        wait_until(lambda: shop.counts() == {"tea": 1})
        assert replay_all(nats, shop.name).startswith("1 event")
        shop.hears("last")
        wait_until(lambda: "last" in shop.counts())
    assert shop.counts() == {"tea": 1, "last": 1}
    assert shop.set_aside() == []


def test_what_is_sent_back_again_when_the_broker_has_forgotten_it_takes_effect_once(shop, nats, counted):
    shop.first = Failing("tea", TRIES + 1)
    with shop.open():
        shop.hears("tea")
        shop.gives_up()
        [letter] = dead_letters(nats, shop.name)
        replay(nats, letter)
        wait_until(lambda: shop.counts() == {"tea": 1})
        nats.publish([Message(replay_subject(shop.name), letter.payload, str(uuid4()))])
        wait_until(lambda: repeated(counted, replay_subject(shop.name)) == 1)
    assert shop.counts() == {"tea": 1}


def repeated(counted, subject):
    return counted("market_events_handled_total", type=subject, outcome="repeated")


def test_what_somebody_else_has_taken_out_is_no_trouble(shop, nats):
    shop.sends(b"no event")
    with shop.open():
        shop.gives_up()
    [letter] = dead_letters(nats, shop.name)
    replay(nats, letter)
    replay(nats, letter)
    assert shop.set_aside() == []


def test_one_alone_is_sent_back_by_its_number(shop, nats):
    shop.sends(b"one")
    shop.sends(b"two")
    with shop.open():
        shop.gives_up(2)
    [one, two] = dead_letters(nats, shop.name)
    assert replay_all(nats, number=two.number) == f"1 event replayed: 1 to {shop.name}"
    assert list(dead_letters(nats, shop.name)) == [one]


@pytest.mark.parametrize("number", [0, -1, 10**30])
def test_a_number_that_there_is_not_is_not_found(nats, number):
    with pytest.raises(NotFound, match=f"There is no dead letter {number}"):
        replay_all(nats, number=number)


def test_the_number_of_another_service_s_is_not_found(shop, nats, name):
    shop.sends(b"one")
    with shop.open():
        [dead] = shop.gives_up()
    with pytest.raises(NotFound):
        replay_all(nats, f"{name}-other", dead.seq)
    assert len(shop.set_aside()) == 1


def test_all_that_was_set_aside_when_it_began_is_sent_back_and_nothing_more(shop, nats):
    for number in range(5):
        shop.sends(str(number).encode())
    with shop.open():
        shop.gives_up(5)
        assert replay_all(nats, shop.name) == f"5 events replayed: 5 to {shop.name}"
        shop.gives_up(5)


def measured():
    return REGISTRY.get_sample_value("market_dead_letters")


def test_how_many_wait_is_measured_until_they_are_sent_back(shop, nats, tables, closed):
    closed("tea")
    listening = type("Config", (ServiceConfig,), {"service": shop.name})
    add_consumer(Service(listening()), nats, tables, {})
    assert measured() == 0
    with shop.open():
        shop.hears("tea")
        shop.hears("tea")
        shop.gives_up(2)
        assert measured() == 2
        mend(tables)
        replay_all(nats, shop.name, shop.set_aside()[0].seq)
        wait_until(lambda: measured() == 1)


def test_what_others_have_set_aside_is_not_counted(shop, nats):
    shop.sends(b"no event")
    with shop.open():
        shop.gives_up()
    assert (count(nats, shop.name), count(nats, f"{shop.name}-other")) == (1, 0)


def test_while_the_broker_is_down_nobody_knows_how_many_wait(broker, tables, name):
    listening = type("Config", (ServiceConfig,), {"service": name})
    with connected(broker.url) as nats:
        add_consumer(Service(listening()), nats, tables, {})
        assert math.isnan(measured())


def test_a_name_that_is_none_is_refused(nats):
    with pytest.raises(Invalid):
        as_table(nats, "*")


def test_dead_letters_outlive_a_broker_that_restarts(broker, name, tables):
    with connected(broker.url) as nats:
        shop = Shop(name, nats, tables)
        with broker.run():
            assert nats.wait_until_ready(10)
            shop.sends(b"one")
            with shop.open():
                shop.gives_up()
        with broker.run():
            wait_until(lambda: answers(nats))
            assert [letter.payload for letter in dead_letters(nats)] == [b"one"]
            assert Broker(nats).payloads(f"dead.{name}", DEAD_STREAM) == [b"one"]


def answers(nats):
    try:
        return list(dead_letters(nats))
    except Unavailable:
        return False
