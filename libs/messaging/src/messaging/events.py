"""Events: CloudEvents that leave with the change they tell of (outbox) and take effect once (inbox).

The tables `outbox` (what is to be sent) and `inbox` (what has taken effect) are in the service's own migrations,
where it needs them; libs/messaging/README.md has their SQL.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from cloudevents.core.exceptions import BaseCloudEventException
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from google.protobuf import json_format
from google.protobuf.message import Message

_JSON = JSONFormat()
MessageT = TypeVar("MessageT", bound=Message)


@dataclass(frozen=True)
class Event:
    """Something that happened. `type` is also the subject it travels on, for example market.orders.confirmed."""

    type: str
    data: dict[str, Any]
    id: str
    traceparent: str = ""

    @property
    def source(self) -> str:
        """The service that tells it, from the type's second part."""
        return self.type.split(".")[1]


class MalformedEvent(ValueError):
    """A message that is not a CloudEvent of this market."""


def encode(event: Event) -> bytes:
    """The event as a CloudEvent in structured JSON."""
    attributes: dict[str, Any] = {
        "id": event.id,
        "type": event.type,
        "source": f"/night-market/{event.source}",
        "time": datetime.now(UTC),
        "datacontenttype": "application/json",
    }
    if event.traceparent:
        attributes["traceparent"] = event.traceparent
    return _JSON.write(CloudEvent(attributes, event.data))


def decode(payload: bytes) -> Event:
    """The event of a message. Raises MalformedEvent."""
    try:
        read = _JSON.read(_whole, payload)
    except (
        BaseCloudEventException,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        RecursionError,
    ) as error:
        raise MalformedEvent("the message is not a CloudEvent") from error
    data = read.get_data()
    if not isinstance(data, dict):
        raise MalformedEvent("the event's data is not an object")
    return Event(read.get_type(), data, read.get_id(), str(read.get_extension("traceparent") or ""))


def _whole(attributes: dict[str, Any], data: Any) -> CloudEvent:
    # The library would make up what is missing, a new id at every delivery, say.
    if not attributes.keys() >= {"id", "specversion"}:
        raise MalformedEvent("the message has no id or version")
    return CloudEvent(attributes, data)


def message_of(event: Event, kind: type[MessageT]) -> MessageT:
    """The event's data as a message of this kind; unknown fields are left out. Raises MalformedEvent."""
    try:
        return json_format.ParseDict(event.data, kind(), ignore_unknown_fields=True)
    except json_format.ParseError as error:
        raise MalformedEvent(f"the event's data is not a {kind.DESCRIPTOR.full_name}") from error


def data_of(message: Message) -> dict[str, Any]:
    """The message as an event's data: protobuf's JSON form."""
    return json_format.MessageToDict(message)
