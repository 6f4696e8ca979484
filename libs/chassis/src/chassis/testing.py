"""For service tests: the service's real composition on real servers, inside the test's own process."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar
from uuid import uuid4

from nats.js.api import RawStreamMsg
from nats.js.errors import NotFoundError

from chassis.bus import STREAM, Bus, Message
from chassis.config import ServiceConfig
from chassis.events import Event, decode, encode
from chassis.grpc_client import Channel
from chassis.lifecycle import Service

ConfigT = TypeVar("ConfigT", bound=ServiceConfig)
T = TypeVar("T")
_LOOK_SECONDS = 0.02


@contextmanager
def started(compose: Callable[[ConfigT], Service], config: ConfigT) -> Iterator[Service]:
    """A gRPC or event service, composed as its __main__ does, started, and stopped at the end of the block."""
    service = compose(config)
    try:
        service.start()
        yield service
    finally:
        service.stop()


@contextmanager
def channel(address: str) -> Iterator[Channel]:
    """A channel to the service under test."""
    opened = Channel("test", address, timeout=10)
    try:
        yield opened
    finally:
        opened.close()


class Broker:
    """The broker, as the neighbours of the service under test use it."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    def tell(self, event_type: str, data: dict[str, Any], event_id: str = "") -> str:
        """Sends an event and returns its id. The same `event_id` again is sent again."""
        event = Event(event_type, data, event_id or str(uuid4()))
        self._bus.publish([Message(event.type, encode(event), str(uuid4()))])
        return event.id

    def told(self, event_type: str) -> list[Event]:
        """All events of this type so far, the oldest first."""
        return [decode(payload) for payload in self.payloads(event_type)]

    def payloads(self, subject: str, stream: str = STREAM) -> list[bytes]:
        """All messages of a subject so far, the oldest first."""
        return [message.data or b"" for message in self.messages(subject, stream)]

    def messages(self, subject: str, stream: str = STREAM) -> list[RawStreamMsg]:
        """The same, with their headers."""
        return self._bus.run(self._messages(subject, stream), timeout=10)

    async def _messages(self, subject: str, stream: str) -> list[RawStreamMsg]:
        found: list[RawStreamMsg] = []
        place = 1
        with suppress(NotFoundError):
            while True:
                message = await self._bus.jetstream.get_msg(stream, place, subject, next=True)
                found.append(message)
                place = (message.seq or place) + 1
        return found


@contextmanager
def broker(nats_url: str) -> Iterator[Broker]:
    """A connection to the broker, with its streams there."""
    bus = Bus(nats_url, "test")
    bus.start()
    try:
        assert bus.wait_until_ready(10), "the broker is not there"
        yield Broker(bus)
    finally:
        bus.stop()


def eventually(condition: Callable[[], T], seconds: float = 10.0) -> T:
    """What `condition` returns once that is true. Fails after so many seconds."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not so after {seconds} seconds: {condition}"
        time.sleep(_LOOK_SECONDS)
    return found
