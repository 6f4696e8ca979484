import asyncio
import logging
from uuid import uuid4

import pytest

from chassis.errors import Unavailable
from messaging.nats import Message, NatsConnection
from tests.support.nats import EventClient, connected
from tests.support.waiting import wait_until


def is_available(nats):
    """Return whether NATS responds and stores a message."""
    try:
        nats.check()
        nats.publish([Message("market.test.probe", b"", str(uuid4()))])
    except Unavailable as error:
        assert error.reason == "BROKER_UNAVAILABLE"
        return False
    return True


def stored(nats, subject):
    """Return the payloads of a subject that NATS has stored, oldest first."""
    return EventClient(nats).payloads(subject)


def test_messages_are_stored_in_the_order_in_which_they_are_sent(nats):
    subject = f"market.test.{uuid4()}"
    nats.publish([Message(subject, str(number).encode(), str(uuid4())) for number in range(200)])
    assert stored(nats, subject) == [str(number).encode() for number in range(200)]


def test_a_message_that_is_sent_twice_is_stored_once(nats):
    message = Message(f"market.test.{uuid4()}", b"once", str(uuid4()))
    nats.publish([message, message])
    nats.publish([message])
    assert stored(nats, message.subject) == [b"once"]


def test_a_timeout_is_an_outage(nats):
    with pytest.raises(Unavailable):
        nats.run(asyncio.sleep(3600), timeout=0.01)
    assert is_available(nats)


def test_an_exception_of_a_coroutine_is_raised_unchanged(nats):
    async def fail():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        nats.run(fail())


def test_a_connection_succeeds_once_nats_starts(nats_server):
    with connected(nats_server.url) as nats:
        assert not is_available(nats)
        with nats_server.run():
            wait_until(lambda: is_available(nats))


def test_a_connection_and_the_messages_survive_a_restart_of_nats(nats_server):
    with connected(nats_server.url) as nats:
        subject = f"market.test.{uuid4()}"
        with nats_server.run():
            assert nats.wait_until_ready(10)
            nats.publish([Message(subject, b"stored", str(uuid4()))])
        wait_until(lambda: not is_available(nats))
        with nats_server.run():
            wait_until(lambda: is_available(nats))
            assert stored(nats, subject) == [b"stored"]


def test_a_rejected_login_is_logged_once(nats_server, caplog):
    caplog.set_level(logging.WARNING)
    with nats_server.run(), connected(nats_server.url.replace("secret", "wrong")) as nats:
        wait_until(lambda: caplog.records)
        assert not nats.wait_until_ready(0.5)
        with pytest.raises(Unavailable):
            nats.check()
    errors = [vars(record)["error"] for record in caplog.records]
    assert len(errors) == len(set(errors))


def test_a_stopped_connection_is_an_outage(nats_url):
    with connected(nats_url) as nats:
        assert nats.wait_until_ready(10)
    assert not is_available(nats)
    with pytest.raises(Unavailable):
        nats.publish([Message("market.test.late", b"", str(uuid4()))])


def test_a_connection_that_never_started_can_be_stopped(nats_url):
    NatsConnection(nats_url, "test").stop()
