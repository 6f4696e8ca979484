import math
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY

import messaging.consumer
from chassis import context
from chassis.config import ServiceConfig
from chassis.errors import Invalid, NotFound, Unavailable
from chassis.lifecycle import Service
from libs.messaging.tests.service.example_service import (
    CrashingConnection,
    ExampleService,
    Failing,
    duplicates,
)
from messaging.consumer import add_consumer
from messaging.dead_letters import count, replay_subject
from messaging.events import Event, encode
from messaging.nats import DEAD_STREAM, Message
from tests.support.nats import EventClient, connected
from tests.support.tracing import TRACEPARENT
from tests.support.waiting import wait_until
from tools.dead_letters import as_table, dead_letters, replay, replay_all

ALWAYS = 1000
RETRIES = 2


@pytest.fixture(autouse=True)
def _short_retries(monkeypatch):
    monkeypatch.setattr(messaging.consumer, "_RETRY_SECONDS", (0.01,) * RETRIES)


def break_table(database, name):
    """Add a constraint that rejects a name until `repair_table` drops it."""
    with database.connection() as connection:
        connection.execute(f"ALTER TABLE effects ADD CONSTRAINT broken CHECK (name <> '{name}')")


def repair_table(database):
    with database.connection() as connection:
        connection.execute("ALTER TABLE effects DROP CONSTRAINT broken")


def cells(text):
    """Return the cells of each row of a table, without the header."""
    return [[cell for cell in line.split("  ") if cell] for line in text.splitlines()[1:]]


def test_the_table_shows_service_subject_ids_attempts_and_error(service, nats):
    service.hook = Failing("tea", ALWAYS)
    with service.running():
        event = Event(service.subject, {"name": "tea", "orderId": "order-1"}, "event-1", TRACEPARENT)
        service.send_payload(encode(event))
        service.wait_for_dead_letters()
    [row] = cells(as_table(nats, service.name))
    assert [cell.strip() for cell in row[1:5]] == [service.name, service.subject, "event-1", "order-1"]
    assert [cell.strip() for cell in row[6:]] == [str(RETRIES + 1), "ZeroDivisionError()"]


def test_a_dead_letter_keeps_its_trace(service, nats):
    service.hook = Failing("tea", ALWAYS)
    with service.running():
        service.send("tea")
        service.wait_for_dead_letters()
    [letter] = dead_letters(nats, service.name)
    assert letter.traceparent == TRACEPARENT


def test_the_verbose_table_contains_the_payload(service, nats):
    with service.running():
        service.send_payload(b"\x1b[31m not an event")
        service.wait_for_dead_letters()
    assert "not an event" not in as_table(nats, service.name)
    assert r"b'\x1b[31m not an event'" in as_table(nats, service.name, verbose=True)


def test_the_table_contains_no_control_characters(service, nats):
    service.hook = Failing("tea", ALWAYS)
    with service.running():
        service.send("tea", event_id="\x1b[2Jgone")
        service.wait_for_dead_letters()
    assert "\x1b" not in as_table(nats, service.name, verbose=True)


def test_the_output_says_if_there_are_no_dead_letters(nats, service_name):
    message = f"There are no dead letters of {service_name}."
    assert as_table(nats, service_name) == replay_all(nats, service_name) == message


def test_an_event_that_is_replayed_after_a_repair_takes_effect(service, nats, database):
    break_table(database, "tea")
    with service.running():
        service.send("tea")
        [dead] = service.wait_for_dead_letters()
        assert "CheckViolation" in dead.headers["Market-Error"]
        repair_table(database)
        assert replay_all(nats, service.name) == f"1 event replayed: 1 to {service.name}"
        wait_until(lambda: service.counts() == {"tea": 1})
    assert service.dead_letters() == []


def test_a_replayed_event_stays_in_its_trace(service, nats):
    received = []
    service.hook = Failing("tea", RETRIES + 1)
    with service.running():
        service.send("tea")
        service.wait_for_dead_letters()
        service.hook = lambda event: received.append(context.current().headers)
        replay_all(nats, service.name)
        wait_until(lambda: received)
    assert received == [{"traceparent": TRACEPARENT}]


def test_a_replayed_event_reaches_only_its_own_service(service, nats, database, service_name):
    other = ExampleService(f"{service_name}-other", nats, database)
    other.subject = service.subject
    service.send_payload(b"not an event")
    with service.running(), other.running():
        service.wait_for_dead_letters()
        other.wait_for_dead_letters()
        replay_all(nats, service.name)
        wait_until(service.dead_letters)
        service.send("last")
        wait_until(lambda: "last" in other.counts())
    assert len(other.dead_letters()) == 1


def test_a_replayed_event_that_fails_again_keeps_its_subject_and_payload(service, nats):
    service.hook = Failing("tea", ALWAYS)
    with service.running():
        service.send("tea")
        service.wait_for_dead_letters()
        [first] = dead_letters(nats, service.name)
        replay_all(nats, service.name)
        [again] = wait_until(lambda: list(dead_letters(nats, service.name)))
    assert again.number > first.number
    assert (again.subject, again.payload) == (first.subject, first.payload)
    assert service.hook.attempts == 2 * (RETRIES + 1)


def test_a_crash_during_a_replay_lets_the_event_take_effect_once(service, nats):
    service.hook = Failing("tea", RETRIES + 1)
    with service.running():
        service.send("tea")
        service.wait_for_dead_letters()
        [letter] = dead_letters(nats, service.name)
        with pytest.raises(KeyboardInterrupt):
            replay(CrashingConnection(nats), letter)
        wait_until(lambda: service.counts() == {"tea": 1})
        assert replay_all(nats, service.name).startswith("1 event")
        service.send("last")
        wait_until(lambda: "last" in service.counts())
    assert service.counts() == {"tea": 1, "last": 1}
    assert service.dead_letters() == []


def test_an_event_that_is_replayed_after_the_deduplication_window_takes_effect_once(service, nats, counted):
    service.hook = Failing("tea", RETRIES + 1)
    with service.running():
        service.send("tea")
        service.wait_for_dead_letters()
        [letter] = dead_letters(nats, service.name)
        replay(nats, letter)
        wait_until(lambda: service.counts() == {"tea": 1})
        nats.publish([Message(replay_subject(service.name), letter.payload, str(uuid4()))])
        wait_until(lambda: duplicates(counted, replay_subject(service.name)) == 1)
    assert service.counts() == {"tea": 1}


def test_a_dead_letter_that_is_already_replayed_is_not_an_error(service, nats):
    service.send_payload(b"not an event")
    with service.running():
        service.wait_for_dead_letters()
    [letter] = dead_letters(nats, service.name)
    replay(nats, letter)
    replay(nats, letter)
    assert service.dead_letters() == []


def test_one_dead_letter_is_replayed_by_its_number(service, nats):
    service.send_payload(b"one")
    service.send_payload(b"two")
    with service.running():
        service.wait_for_dead_letters(2)
    [one, two] = dead_letters(nats, service.name)
    assert replay_all(nats, number=two.number) == f"1 event replayed: 1 to {service.name}"
    assert list(dead_letters(nats, service.name)) == [one]


@pytest.mark.parametrize("number", [0, -1, 10**30])
def test_an_unknown_number_is_not_found(nats, number):
    with pytest.raises(NotFound, match=f"There is no dead letter {number}"):
        replay_all(nats, number=number)


def test_a_number_of_another_service_is_not_found(service, nats, service_name):
    service.send_payload(b"one")
    with service.running():
        [dead] = service.wait_for_dead_letters()
    with pytest.raises(NotFound):
        replay_all(nats, f"{service_name}-other", dead.seq)
    assert len(service.dead_letters()) == 1


def test_dead_letters_that_arrive_during_a_replay_are_not_replayed(service, nats):
    for number in range(5):
        service.send_payload(str(number).encode())
    with service.running():
        service.wait_for_dead_letters(5)
        assert replay_all(nats, service.name) == f"5 events replayed: 5 to {service.name}"
        service.wait_for_dead_letters(5)


def gauge():
    return REGISTRY.get_sample_value("market_dead_letters")


def test_a_gauge_shows_the_number_of_dead_letters(service, nats, database):
    break_table(database, "tea")
    config_class = type("Config", (ServiceConfig,), {"service": service.name})
    add_consumer(Service(config_class()), nats, database, {})
    assert gauge() == 0
    with service.running():
        service.send("tea")
        service.send("tea")
        service.wait_for_dead_letters(2)
        assert gauge() == 2
        repair_table(database)
        replay_all(nats, service.name, service.dead_letters()[0].seq)
        wait_until(lambda: gauge() == 1)


def test_dead_letters_of_other_services_are_not_counted(service, nats):
    service.send_payload(b"not an event")
    with service.running():
        service.wait_for_dead_letters()
    assert (count(nats, service.name), count(nats, f"{service.name}-other")) == (1, 0)


def test_the_gauge_is_nan_if_nats_is_down(nats_server, database, service_name):
    config_class = type("Config", (ServiceConfig,), {"service": service_name})
    with connected(nats_server.url) as nats:
        add_consumer(Service(config_class()), nats, database, {})
        assert math.isnan(gauge())


def test_an_invalid_service_name_is_rejected(nats):
    with pytest.raises(Invalid):
        as_table(nats, "*")


def responds(nats):
    """Return whether the stream of dead letters is available."""
    try:
        return list(dead_letters(nats))
    except Unavailable:
        return False


def test_dead_letters_survive_a_restart_of_nats(nats_server, service_name, database):
    with connected(nats_server.url) as nats:
        service = ExampleService(service_name, nats, database)
        with nats_server.run():
            assert nats.wait_until_ready(10)
            service.send_payload(b"one")
            with service.running():
                service.wait_for_dead_letters()
        with nats_server.run():
            wait_until(lambda: responds(nats))
            assert [letter.payload for letter in dead_letters(nats)] == [b"one"]
            assert EventClient(nats).payloads(f"dead.{service_name}", DEAD_STREAM) == [b"one"]
