"""The message broker, as other services see it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import uuid4

from nats.js.api import RawStreamMsg
from nats.js.errors import NotFoundError

from messaging.events import Event, decode, encode
from messaging.nats import STREAM, Message, NatsConnection


class Broker:
    """Sends events to the service under test, and reads what it has sent."""

    def __init__(self, nats: NatsConnection) -> None:
        self._nats = nats

    def send(self, event_type: str, data: dict[str, Any], event_id: str = "") -> str:
        """Send an event and return its id. The same `event_id` again sends the event again."""
        event = Event(event_type, data, event_id or str(uuid4()))
        self._nats.publish([Message(event.type, encode(event), str(uuid4()))])
        return event.id

    def events(self, event_type: str) -> list[Event]:
        """All events of this type so far, the oldest first."""
        return [decode(payload) for payload in self.payloads(event_type)]

    def payloads(self, subject: str, stream: str = STREAM) -> list[bytes]:
        """The payloads of all messages of a subject so far, the oldest first."""
        return [message.data or b"" for message in self.messages(subject, stream)]

    def messages(self, subject: str, stream: str = STREAM) -> list[RawStreamMsg]:
        """All messages of a subject so far, with their headers, the oldest first."""
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
def broker(nats_url: str) -> Iterator[Broker]:
    """A connection to the broker; its streams exist."""
    nats = NatsConnection(nats_url, "test")
    nats.start()
    try:
        assert nats.wait_until_ready(10), "the broker does not answer"
        yield Broker(nats)
    finally:
        nats.stop()
