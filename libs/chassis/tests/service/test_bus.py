import asyncio
import logging
from uuid import uuid4

import pytest

from chassis.bus import Bus, Message
from chassis.errors import Unavailable
from chassis.testing import Broker, eventually
from libs.chassis.tests.service.servers import connected


def is_well(bus):
    """Whether the broker answers and takes a message."""
    try:
        bus.check()
        bus.publish([Message("market.test.well", b"", str(uuid4()))])
    except Unavailable as error:
        assert error.reason == "BROKER_UNAVAILABLE"
        return False
    return True


def kept(bus, subject):
    """The messages of a subject that the broker keeps, the oldest first."""
    return Broker(bus).payloads(subject)


def test_messages_are_kept_in_the_order_in_which_they_were_sent(bus):
    subject = f"market.test.{uuid4()}"
    bus.publish([Message(subject, str(number).encode(), str(uuid4())) for number in range(200)])
    assert kept(bus, subject) == [str(number).encode() for number in range(200)]


def test_a_message_that_is_sent_twice_is_kept_once(bus):
    message = Message(f"market.test.{uuid4()}", b"once", str(uuid4()))
    bus.publish([message, message])
    bus.publish([message])
    assert kept(bus, message.subject) == [b"once"]


def test_work_that_takes_too_long_is_an_outage(bus):
    with pytest.raises(Unavailable):
        bus.run(asyncio.sleep(3600), timeout=0.01)
    assert is_well(bus)


def test_an_exception_of_the_work_is_told_as_it_is(bus):
    async def work():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        bus.run(work())


def test_a_broker_that_is_not_there_yet_is_found_when_it_comes(broker):
    with connected(broker.url) as bus:
        assert not is_well(bus)
        with broker.run():
            eventually(lambda: is_well(bus))


def test_a_broker_that_restarts_is_found_again_with_what_it_kept(broker):
    with connected(broker.url) as bus:
        subject = f"market.test.{uuid4()}"
        with broker.run():
            assert bus.wait_until_ready(10)
            bus.publish([Message(subject, b"kept", str(uuid4()))])
        eventually(lambda: not is_well(bus))
        with broker.run():
            eventually(lambda: is_well(bus))
            assert kept(bus, subject) == [b"kept"]


def test_a_broker_that_turns_the_service_away_is_logged_once(broker, caplog):
    caplog.set_level(logging.WARNING)
    with broker.run(), connected(broker.url.replace("secret", "wrong")) as bus:
        eventually(lambda: caplog.records)
        assert not bus.wait_until_ready(0.5)
        with pytest.raises(Unavailable):
            bus.check()
    told = [vars(record)["error"] for record in caplog.records]
    assert len(told) == len(set(told))


def test_a_bus_that_has_stopped_is_an_outage(nats_url):
    with connected(nats_url) as bus:
        assert bus.wait_until_ready(10)
    assert not is_well(bus)
    with pytest.raises(Unavailable):
        bus.publish([Message("market.test.late", b"", str(uuid4()))])


def test_a_bus_that_never_started_can_be_stopped(nats_url):
    Bus(nats_url, "test").stop()
