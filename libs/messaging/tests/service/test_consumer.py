import threading
import time
from itertools import pairwise

import pytest

import messaging.consumer
from chassis import context
from chassis.errors import Unavailable
from libs.messaging.tests.service.shop import TRACEPARENT, Failing, Shop
from messaging.events import Event, encode
from tests.support.waiting import wait_until

TRIES = 3
LATE = 5.0  # seconds by which a pause may last longer than wanted, on a busy machine


@pytest.fixture
def shop(name, nats, tables, monkeypatch):
    monkeypatch.setattr(messaging.consumer, "_RETRY_SECONDS", (0.01,) * TRIES)
    return Shop(name, nats, tables)


def test_an_event_takes_effect(shop):
    with shop.open():
        shop.hears("tea")
        wait_until(lambda: shop.counts() == {"tea": 1})


def test_events_of_before_the_service_came_take_effect_too(shop):
    shop.hears("tea")
    with shop.open():
        wait_until(lambda: shop.counts() == {"tea": 1})


def test_an_event_that_comes_twice_takes_effect_once(shop, counted):
    with shop.open():
        shop.hears("tea", event_id := shop.hears("tea"))
        shop.hears("tea", event_id)
        shop.hears("last")
        wait_until(lambda: "last" in shop.counts())
    assert shop.counts() == {"tea": 1, "last": 1}
    assert counted("market_events_handled_total", type=shop.sold, outcome="repeated") == 2


def test_an_event_that_fails_is_tried_again_and_takes_effect_once(shop):
    shop.first = Failing("tea", times=TRIES)
    with shop.open():
        shop.hears("tea")
        wait_until(lambda: shop.first.tried == TRIES + 1)
        wait_until(lambda: shop.counts() == {"tea": 1})
    assert shop.set_aside() == []


def test_an_event_that_always_fails_is_set_aside_and_those_behind_go_on(shop, counted):
    shop.first = Failing("tea", times=1000)
    with shop.open():
        shop.hears("tea")
        shop.hears("cup")
        [dead] = wait_until(shop.set_aside)
    assert shop.counts() == {"cup": 1}
    assert dead.headers["Market-Subject"] == shop.sold
    assert dead.headers["Market-Error"] == "ZeroDivisionError()"
    assert shop.first.tried == TRIES + 1
    assert counted("market_events_handled_total", type=shop.sold, outcome="dead") == 1


@pytest.mark.parametrize(
    "payload", [b"", b"\xff", b"[]", b"{}", encode(Event("market.elsewhere.sold", {"name": "tea"}, "1"))]
)
def test_what_is_no_event_of_this_subject_is_set_aside_at_once(shop, payload):
    with shop.open():
        shop.sends(payload)
        [dead] = wait_until(shop.set_aside)
    assert (dead.data or b"") == payload
    assert "MalformedEvent" in dead.headers["Market-Error"]
    assert shop.counts() == {}


def test_an_outage_sets_nothing_aside_however_long_it_lasts(shop):
    shop.first = Failing("tea", times=3 * TRIES, failure=Unavailable("DATABASE_UNAVAILABLE", "Gone."))
    with shop.open():
        shop.hears("tea")
        wait_until(lambda: shop.first.tried == 3 * TRIES + 1)
        wait_until(lambda: shop.counts() == {"tea": 1})
    assert shop.set_aside() == []


def test_an_outage_does_not_count_as_a_failure(shop):
    outage = Unavailable("DATABASE_UNAVAILABLE", "Gone.")
    shop.first = Troubled([outage] * (TRIES + 1) + [ZeroDivisionError()] * TRIES)
    with shop.open():
        shop.hears("tea")
        wait_until(lambda: shop.counts() == {"tea": 1})
    assert shop.first.troubles == []
    assert shop.set_aside() == []


class Troubled:
    """Meets these troubles, one at each try."""

    def __init__(self, troubles):
        self.troubles = troubles
        self.times = []

    def __call__(self, _event):
        self.times.append(time.monotonic())
        if self.troubles:
            raise self.troubles.pop(0)

    def pauses(self):
        """The seconds between the tries."""
        return [after - before for before, after in pairwise(self.times)]


def test_the_pauses_between_the_tries_are_those_that_are_wanted(shop, monkeypatch):
    wanted = (0.1, 0.4, 0.8)
    monkeypatch.setattr(messaging.consumer, "_RETRY_SECONDS", wanted)
    shop.first = Troubled([ZeroDivisionError() for _ in range(4)])
    with shop.open():
        shop.hears("tea")
        shop.gives_up()
    pauses = shop.first.pauses()
    assert len(pauses) == len(wanted)
    assert all(least <= pause < least + LATE for pause, least in zip(pauses, wanted, strict=True)), pauses


def test_an_outage_is_over_soon_however_long_it_was(shop, monkeypatch):
    monkeypatch.setattr(messaging.consumer, "_RETRY_SECONDS", (0.01, 60.0))
    monkeypatch.setattr(messaging.consumer, "_MAX_OUTAGE_PAUSE", 0.02)
    shop.first = Troubled([Unavailable("DATABASE_UNAVAILABLE", "Gone.") for _ in range(8)])
    with shop.open():
        shop.hears("tea")
        wait_until(lambda: shop.counts() == {"tea": 1})


def test_the_handler_s_calls_belong_to_the_trace_of_the_event(shop):
    seen = []
    shop.first = lambda event: seen.append(context.current().headers)
    with shop.open():
        shop.hears("tea")
        wait_until(lambda: seen)
    assert seen == [{"traceparent": TRACEPARENT}]


def test_the_service_is_told_after_each_commit(shop):
    with shop.open():
        shop.hears("tea")
        shop.hears("cup")
        wait_until(lambda: shop.committed == 2)


def test_a_service_that_stops_finishes_the_event_in_hand_and_leaves_the_others_to_the_next_one(shop):
    begun, may_finish = threading.Event(), threading.Event()

    def wait(event):
        begun.set()
        may_finish.wait(10)

    for name in ("tea", "cup", "pot"):
        shop.hears(name)
    shop.first = wait
    with shop.open():
        assert begun.wait(10)
        threading.Timer(0.1, may_finish.set).start()
    assert shop.counts() == {"tea": 1}
    with shop.open():
        wait_until(lambda: shop.counts() == {"tea": 1, "cup": 1, "pot": 1}, timeout=5)


def test_two_processes_of_a_service_share_the_events(shop):
    with shop.open(), shop.open():
        for number in range(40):
            shop.hears(f"thing {number}")
        wait_until(lambda: len(shop.counts()) == 40)
    assert set(shop.counts().values()) == {1}
