import asyncio
import logging
from uuid import uuid4

import pytest

from chassis.errors import Unavailable
from messaging.nats import Message, NatsConnection
from tests.support.broker import Broker
from tests.support.servers import connected
from tests.support.waiting import wait_until


def is_well(nats):
    """Whether the broker answers and takes a message."""
    try:
        nats.check()
        nats.publish([Message("market.test.well", b"", str(uuid4()))])
    except Unavailable as error:
        assert error.reason == "BROKER_UNAVAILABLE"
        return False
    return True


def kept(nats, subject):
    """The messages of a subject that the broker keeps, the oldest first."""
    return Broker(nats).payloads(subject)


def test_messages_are_kept_in_the_order_in_which_they_were_sent(nats):
    subject = f"market.test.{uuid4()}"
    nats.publish([Message(subject, str(number).encode(), str(uuid4())) for number in range(200)])
    assert kept(nats, subject) == [str(number).encode() for number in range(200)]


def test_a_message_that_is_sent_twice_is_kept_once(nats):
    message = Message(f"market.test.{uuid4()}", b"once", str(uuid4()))
    nats.publish([message, message])
    nats.publish([message])
    assert kept(nats, message.subject) == [b"once"]


def test_work_that_takes_too_long_is_an_outage(nats):
    with pytest.raises(Unavailable):
        nats.run(asyncio.sleep(3600), timeout=0.01)
    assert is_well(nats)


def test_an_exception_of_the_work_is_told_as_it_is(nats):
    async def work():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        nats.run(work())


def test_a_broker_that_is_not_there_yet_is_found_when_it_comes(broker):
    with connected(broker.url) as nats:
        assert not is_well(nats)
        with broker.run():
            wait_until(lambda: is_well(nats))


def test_a_broker_that_restarts_is_found_again_with_what_it_kept(broker):
    with connected(broker.url) as nats:
        subject = f"market.test.{uuid4()}"
        with broker.run():
            assert nats.wait_until_ready(10)
            nats.publish([Message(subject, b"kept", str(uuid4()))])
        wait_until(lambda: not is_well(nats))
        with broker.run():
            wait_until(lambda: is_well(nats))
            assert kept(nats, subject) == [b"kept"]


def test_a_broker_that_turns_the_service_away_is_logged_once(broker, caplog):
    caplog.set_level(logging.WARNING)
    with broker.run(), connected(broker.url.replace("secret", "wrong")) as nats:
        wait_until(lambda: caplog.records)
        assert not nats.wait_until_ready(0.5)
        with pytest.raises(Unavailable):
            nats.check()
    told = [vars(record)["error"] for record in caplog.records]
    assert len(told) == len(set(told))


def test_a_bus_that_has_stopped_is_an_outage(nats_url):
    with connected(nats_url) as nats:
        assert nats.wait_until_ready(10)
    assert not is_well(nats)
    with pytest.raises(Unavailable):
        nats.publish([Message("market.test.late", b"", str(uuid4()))])


def test_a_bus_that_never_started_can_be_stopped(nats_url):
    NatsConnection(nats_url, "test").stop()
