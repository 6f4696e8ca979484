"""Connect to NATS in a test, publish and read events, and take away its storage."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import uuid4

import psutil
import pytest
from nats.js.api import RawStreamMsg
from nats.js.errors import NotFoundError

from chassis.errors import Unavailable
from messaging.events import Event, decode, encode
from messaging.nats import STREAM, Message, NatsConnection
from tests.support.servers import RestartableServer

STORE_BYTES = 100_000  # the size of a store that `fill_store` fills quickly
FILLER_SUBJECT = "market.test.filler"
needs_rlimit = pytest.mark.skipif(
    not hasattr(psutil.Process, "rlimit"), reason="this system cannot limit the resources of a process"
)


class EventClient:
    """Publishes events to the service under test and reads the events that it has published."""

    def __init__(self, nats: NatsConnection) -> None:
        self._nats = nats

    def send(self, event_type: str, data: dict[str, Any], event_id: str = "") -> str:
        """Publish an event and return its id. If `event_id` was used before, the event is a duplicate."""
        event = Event(event_type, data, event_id or str(uuid4()))
        self._nats.publish([Message(event.type, encode(event), str(uuid4()))])
        return event.id

    def events(self, event_type: str) -> list[Event]:
        """Return all events of this type, oldest first."""
        return [decode(payload) for payload in self.payloads(event_type)]

    def payloads(self, subject: str, stream: str = STREAM) -> list[bytes]:
        """Return the payloads of all messages of a subject, oldest first."""
        return [message.data or b"" for message in self.messages(subject, stream)]

    def messages(self, subject: str, stream: str = STREAM) -> list[RawStreamMsg]:
        """Return all messages of a subject with their headers, oldest first."""
        return self._nats.run(self._messages(subject, stream), timeout=10)

    async def _messages(self, subject: str, stream: str) -> list[RawStreamMsg]:
        found: list[RawStreamMsg] = []
        sequence = 1
        with suppress(NotFoundError):
            while True:
                message = await self._nats.jetstream.get_msg(stream, sequence, subject, next=True)
                found.append(message)
                sequence = (message.seq or sequence) + 1
        return found


@contextmanager
def connected(url: str) -> Iterator[NatsConnection]:
    """Yield a connection to a NATS server, which does not have to run yet."""
    nats = NatsConnection(url, "test")
    nats.start()
    try:
        yield nats
    finally:
        nats.stop()


@contextmanager
def event_client(url: str) -> Iterator[EventClient]:
    """Yield an event client of a running NATS server. The streams exist."""
    with connected(url) as nats:
        assert nats.wait_until_ready(10), "NATS is not ready"
        yield EventClient(nats)


def fill_store(nats: NatsConnection) -> None:
    """Publish until the store of the NATS server is full."""
    with pytest.raises(Unavailable):
        while True:
            nats.publish([Message(FILLER_SUBJECT, b"x" * 1000, str(uuid4()))])


def free_store(nats: NatsConnection) -> None:
    """Delete the messages that `fill_store` has published."""
    nats.run(nats.jetstream.purge_stream(STREAM, subject=FILLER_SUBJECT))


@contextmanager
def full_disk(server: RestartableServer) -> Iterator[None]:
    """Make all file writes of a server fail within the block, as on a full disk."""
    process = server.process()
    process.rlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    yield
    process.rlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
