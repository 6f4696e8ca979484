import threading
import time
from itertools import pairwise

import pytest

import messaging.consumer
from chassis import context
from chassis.errors import Unavailable
from libs.messaging.tests.service.example_service import Failing, duplicates
from messaging.events import Event, encode
from tests.support.tracing import TRACEPARENT
from tests.support.waiting import wait_until

RETRIES = 3
TOLERANCE = 5.0  # seconds by which a pause may be longer on a busy machine


@pytest.fixture(autouse=True)
def _short_retries(monkeypatch):
    monkeypatch.setattr(messaging.consumer, "_RETRY_SECONDS", (0.01,) * RETRIES)


def test_an_event_takes_effect(service):
    with service.running():
        service.send("tea")
        wait_until(lambda: service.counts() == {"tea": 1})


def test_events_from_before_the_start_of_the_service_take_effect(service):
    service.send("tea")
    with service.running():
        wait_until(lambda: service.counts() == {"tea": 1})


def test_an_event_that_arrives_twice_takes_effect_once(service, counted):
    with service.running():
        service.send("tea", event_id := service.send("tea"))
        service.send("tea", event_id)
        service.send("last")
        wait_until(lambda: "last" in service.counts())
    assert service.counts() == {"tea": 1, "last": 1}
    assert duplicates(counted, service.subject) == 2


def test_an_event_that_fails_is_retried_and_takes_effect_once(service):
    service.hook = Failing("tea", times=RETRIES)
    with service.running():
        service.send("tea")
        wait_until(lambda: service.hook.attempts == RETRIES + 1)
        wait_until(lambda: service.counts() == {"tea": 1})
    assert service.dead_letters() == []


def test_an_event_that_always_fails_is_dead_lettered_and_the_next_ones_take_effect(service, counted):
    service.hook = Failing("tea", times=1000)
    with service.running():
        service.send("tea")
        service.send("cup")
        [dead] = wait_until(service.dead_letters)
    assert service.counts() == {"cup": 1}
    assert dead.headers["Market-Subject"] == service.subject
    assert dead.headers["Market-Error"] == "ZeroDivisionError()"
    assert service.hook.attempts == RETRIES + 1
    assert counted("market_events_handled_total", type=service.subject, outcome="dead") == 1


@pytest.mark.parametrize(
    "payload", [b"", b"\xff", b"[]", b"{}", encode(Event("market.elsewhere.sold", {"name": "tea"}, "1"))]
)
def test_a_message_that_is_not_an_event_of_its_subject_is_dead_lettered_at_once(service, payload):
    with service.running():
        service.send_payload(payload)
        [dead] = wait_until(service.dead_letters)
    assert (dead.data or b"") == payload
    assert "MalformedEvent" in dead.headers["Market-Error"]
    assert service.counts() == {}


def test_a_long_outage_dead_letters_no_event(service):
    service.hook = Failing("tea", times=3 * RETRIES, error=Unavailable("DATABASE_UNAVAILABLE", "Down."))
    with service.running():
        service.send("tea")
        wait_until(lambda: service.hook.attempts == 3 * RETRIES + 1)
        wait_until(lambda: service.counts() == {"tea": 1})
    assert service.dead_letters() == []


def test_an_outage_does_not_count_as_a_failure(service):
    outage = Unavailable("DATABASE_UNAVAILABLE", "Down.")
    service.hook = RaisingInTurn([outage] * (RETRIES + 1) + [ZeroDivisionError()] * RETRIES)
    with service.running():
        service.send("tea")
        wait_until(lambda: service.counts() == {"tea": 1})
    assert service.hook.errors == []
    assert service.dead_letters() == []


class RaisingInTurn:
    """A hook that raises the next of its errors at each attempt, and then succeeds."""

    def __init__(self, errors):
        self.errors = errors
        self.times = []

    def __call__(self, _event):
        self.times.append(time.monotonic())
        if self.errors:
            raise self.errors.pop(0)

    def pauses(self):
        """Return the seconds between the attempts."""
        return [after - before for before, after in pairwise(self.times)]


def test_the_pauses_between_the_retries_are_those_configured(service, monkeypatch):
    configured = (0.1, 0.4, 0.8)
    monkeypatch.setattr(messaging.consumer, "_RETRY_SECONDS", configured)
    service.hook = RaisingInTurn([ZeroDivisionError() for _ in range(4)])
    with service.running():
        service.send("tea")
        service.wait_for_dead_letters()
    pauses = service.hook.pauses()
    for pause, minimum in zip(pauses, configured, strict=True):
        assert minimum <= pause < minimum + TOLERANCE, pauses


def test_an_event_takes_effect_soon_after_a_long_outage(service, monkeypatch):
    monkeypatch.setattr(messaging.consumer, "_RETRY_SECONDS", (0.01, 60.0))
    monkeypatch.setattr(messaging.consumer, "_MAX_OUTAGE_PAUSE", 0.02)
    service.hook = RaisingInTurn([Unavailable("DATABASE_UNAVAILABLE", "Down.") for _ in range(8)])
    with service.running():
        service.send("tea")
        wait_until(lambda: service.counts() == {"tea": 1})


def test_the_handler_runs_in_the_trace_of_the_event(service):
    received = []
    service.hook = lambda event: received.append(context.current().headers)
    with service.running():
        service.send("tea")
        wait_until(lambda: received)
    assert received == [{"traceparent": TRACEPARENT}]


def test_the_callback_runs_after_each_commit(service):
    with service.running():
        service.send("tea")
        service.send("cup")
        wait_until(lambda: service.commits == 2)


def test_a_service_that_stops_finishes_the_current_event_and_leaves_the_others(service):
    started, may_finish = threading.Event(), threading.Event()

    def wait(event):
        started.set()
        may_finish.wait(10)

    for name in ("tea", "cup", "pot"):
        service.send(name)
    service.hook = wait
    with service.running():
        assert started.wait(10)
        threading.Timer(0.1, may_finish.set).start()
    assert service.counts() == {"tea": 1}
    with service.running():
        wait_until(lambda: service.counts() == {"tea": 1, "cup": 1, "pot": 1}, timeout=5)


def test_two_processes_of_a_service_share_the_events(service):
    with service.running(), service.running():
        for number in range(40):
            service.send(f"product {number}")
        wait_until(lambda: len(service.counts()) == 40)
    assert set(service.counts().values()) == {1}
