import math
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY

import chassis.consumer
from chassis import consumer
from chassis.bus import DEAD_STREAM, Bus, Message
from chassis.config import ServiceConfig
from chassis.dead_letters import count, letters, replay, replay_subject, replayed, shown
from chassis.errors import Invalid, NotFound, Unavailable
from chassis.events import Event, encode
from chassis.lifecycle import Service
from chassis.testing import Broker, eventually
from libs.chassis.tests.service.servers import connected
from libs.chassis.tests.service.shop import TRACEPARENT, Failing, Shop

NEVER = 1000
TRIES = 2


class CrashingBus(Bus):
    """A bus whose process dies as soon as the broker has the messages."""

    def __init__(self, bus):
        self._bus = bus

    def publish(self, messages, timeout=5.0):
        self._bus.publish(messages, timeout)
        raise KeyboardInterrupt


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(chassis.consumer, "_RETRY_SECONDS", (0.01,) * TRIES)


@pytest.fixture
def shop(stall, bus, tables):
    return Shop(stall, bus, tables)


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


def test_a_dead_letter_tells_what_it_is_of_whom_and_why(shop, bus):
    shop.first = Failing("tea", NEVER)
    with shop.open():
        event = Event(shop.sold, {"name": "tea", "orderId": "order-1"}, "event-1", TRACEPARENT)
        shop.sends(encode(event))
        shop.gives_up()
    [row] = cells(shown(bus, shop.name))
    assert [cell.strip() for cell in row[1:5]] == [shop.name, shop.sold, "event-1", "order-1"]
    assert [cell.strip() for cell in row[6:]] == [str(TRIES + 1), "ZeroDivisionError()"]


def test_a_dead_letter_keeps_its_trace(shop, bus):
    shop.first = Failing("tea", NEVER)
    with shop.open():
        shop.hears("tea")
        shop.gives_up()
    [letter] = letters(bus, shop.name)
    assert letter.traceparent == TRACEPARENT


def test_the_message_itself_is_shown_to_who_asks(shop, bus):
    with shop.open():
        shop.sends(b"\x1b[31m no event")
        shop.gives_up()
    assert "no event" not in shown(bus, shop.name)
    assert r"b'\x1b[31m no event'" in shown(bus, shop.name, whole=True)


def test_what_a_message_says_can_not_play_with_the_terminal(shop, bus):
    shop.first = Failing("tea", NEVER)
    with shop.open():
        shop.hears("tea", event_id="\x1b[2Jgone")
        shop.gives_up()
    assert "\x1b" not in shown(bus, shop.name, whole=True)


def test_where_nothing_is_set_aside_that_is_said(bus, stall):
    assert shown(bus, stall) == replayed(bus, stall) == f"No event of {stall} is set aside."


def test_an_event_takes_effect_once_its_service_is_mended_and_it_is_sent_back(shop, bus, tables, closed):
    closed("tea")
    with shop.open():
        shop.hears("tea")
        [dead] = shop.gives_up()
        assert "CheckViolation" in dead.headers["Market-Error"]
        mend(tables)
        assert replayed(bus, shop.name) == f"1 event sent back: 1 to {shop.name}"
        eventually(lambda: shop.counts() == {"tea": 1})
    assert shop.set_aside() == []


def test_an_event_that_is_sent_back_stays_in_its_trace(shop, bus):
    seen = []
    shop.first = Failing("tea", TRIES + 1)
    with shop.open():
        shop.hears("tea")
        shop.gives_up()
        shop.first = lambda event: seen.append(chassis.call.current().headers)
        replayed(bus, shop.name)
        eventually(lambda: seen)
    assert seen == [{"traceparent": TRACEPARENT}]


def test_an_event_that_is_sent_back_is_heard_by_its_own_service_alone(shop, bus, tables, stall):
    other = Shop(f"{stall}-other", bus, tables)
    other.sold = shop.sold
    shop.sends(b"no event")
    with shop.open(), other.open():
        shop.gives_up()
        other.gives_up()
        replayed(bus, shop.name)
        eventually(lambda: shop.set_aside())
        shop.hears("last")
        eventually(lambda: "last" in other.counts())
    assert len(other.set_aside()) == 1


def test_what_fails_again_is_set_aside_again_as_what_it_was_first(shop, bus):
    shop.first = Failing("tea", NEVER)
    with shop.open():
        shop.hears("tea")
        shop.gives_up()
        [first] = letters(bus, shop.name)
        replayed(bus, shop.name)
        [again] = eventually(lambda: list(letters(bus, shop.name)))
    assert again.number > first.number
    assert (again.subject, again.payload) == (first.subject, first.payload)
    assert shop.first.tried == 2 * (TRIES + 1)


def test_a_crash_before_it_is_taken_out_lets_it_take_effect_once(shop, bus):
    shop.first = Failing("tea", TRIES + 1)
    with shop.open():
        shop.hears("tea")
        shop.gives_up()
        [letter] = letters(bus, shop.name)
        with pytest.raises(KeyboardInterrupt):
            replay(CrashingBus(bus), letter)
        eventually(lambda: shop.counts() == {"tea": 1})
        assert replayed(bus, shop.name).startswith("1 event")
        shop.hears("last")
        eventually(lambda: "last" in shop.counts())
    assert shop.counts() == {"tea": 1, "last": 1}
    assert shop.set_aside() == []


def test_what_is_sent_back_again_when_the_broker_has_forgotten_it_takes_effect_once(shop, bus, counted):
    shop.first = Failing("tea", TRIES + 1)
    with shop.open():
        shop.hears("tea")
        shop.gives_up()
        [letter] = letters(bus, shop.name)
        replay(bus, letter)
        eventually(lambda: shop.counts() == {"tea": 1})
        bus.publish([Message(replay_subject(shop.name), letter.payload, str(uuid4()))])
        eventually(lambda: repeated(counted, replay_subject(shop.name)) == 1)
    assert shop.counts() == {"tea": 1}


def repeated(counted, subject):
    return counted("market_events_handled_total", type=subject, outcome="repeated")


def test_what_somebody_else_has_taken_out_is_no_trouble(shop, bus):
    shop.sends(b"no event")
    with shop.open():
        shop.gives_up()
    [letter] = letters(bus, shop.name)
    replay(bus, letter)
    replay(bus, letter)
    assert shop.set_aside() == []


def test_one_alone_is_sent_back_by_its_number(shop, bus):
    shop.sends(b"one")
    shop.sends(b"two")
    with shop.open():
        shop.gives_up(2)
    [one, two] = letters(bus, shop.name)
    assert replayed(bus, number=two.number) == f"1 event sent back: 1 to {shop.name}"
    assert list(letters(bus, shop.name)) == [one]


@pytest.mark.parametrize("number", [0, -1, 10**30])
def test_a_number_that_there_is_not_is_not_found(bus, number):
    with pytest.raises(NotFound, match=f"There is no dead letter {number}"):
        replayed(bus, number=number)


def test_the_number_of_another_service_s_is_not_found(shop, bus, stall):
    shop.sends(b"one")
    with shop.open():
        [dead] = shop.gives_up()
    with pytest.raises(NotFound):
        replayed(bus, f"{stall}-other", dead.seq)
    assert len(shop.set_aside()) == 1


def test_all_that_was_set_aside_when_it_began_is_sent_back_and_nothing_more(shop, bus):
    for number in range(5):
        shop.sends(str(number).encode())
    with shop.open():
        shop.gives_up(5)
        assert replayed(bus, shop.name) == f"5 events sent back: 5 to {shop.name}"
        shop.gives_up(5)


def measured():
    return REGISTRY.get_sample_value("market_dead_letters")


def test_how_many_wait_is_measured_until_they_are_sent_back(shop, bus, tables, closed):
    closed("tea")
    listening = type("Config", (ServiceConfig,), {"service": shop.name})
    consumer.attach(Service(listening()), bus, tables, {})
    assert measured() == 0
    with shop.open():
        shop.hears("tea")
        shop.hears("tea")
        shop.gives_up(2)
        assert measured() == 2
        mend(tables)
        replayed(bus, shop.name, shop.set_aside()[0].seq)
        eventually(lambda: measured() == 1)


def test_what_others_have_set_aside_is_not_counted(shop, bus):
    shop.sends(b"no event")
    with shop.open():
        shop.gives_up()
    assert (count(bus, shop.name), count(bus, f"{shop.name}-other")) == (1, 0)


def test_while_the_broker_is_down_nobody_knows_how_many_wait(broker, tables, stall):
    listening = type("Config", (ServiceConfig,), {"service": stall})
    with connected(broker.url) as bus:
        consumer.attach(Service(listening()), bus, tables, {})
        assert math.isnan(measured())


def test_a_name_that_is_none_is_refused(bus):
    with pytest.raises(Invalid):
        shown(bus, "*")


def test_dead_letters_outlive_a_broker_that_restarts(broker, stall, tables):
    with connected(broker.url) as bus:
        shop = Shop(stall, bus, tables)
        with broker.run():
            assert bus.wait_until_ready(10)
            shop.sends(b"one")
            with shop.open():
                shop.gives_up()
        with broker.run():
            eventually(lambda: answers(bus))
            assert [letter.payload for letter in letters(bus)] == [b"one"]
            assert Broker(bus).payloads(f"dead.{stall}", DEAD_STREAM) == [b"one"]


def answers(bus):
    try:
        return list(letters(bus))
    except Unavailable:
        return False
