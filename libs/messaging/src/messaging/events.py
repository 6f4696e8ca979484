"""Events: CloudEvents in structured JSON."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from cloudevents.core.exceptions import BaseCloudEventException
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from google.protobuf import json_format
from google.protobuf.message import Message

_JSON = JSONFormat()
# What the library raises, in part because it does not check the types of what it reads.
_UNREADABLE = (BaseCloudEventException, ValueError, TypeError, KeyError, AttributeError, RecursionError)
MessageT = TypeVar("MessageT", bound=Message)


@dataclass(frozen=True)
class Event:
    """An event. `type` is also the subject on which it is sent, for example market.orders.confirmed."""

    type: str
    data: dict[str, Any]
    id: str
    traceparent: str = ""

    @property
    def source(self) -> str:
        """The service that sends the event, from the second part of its type."""
        return self.type.split(".")[1]


class MalformedEvent(ValueError):
    """A message that is not an event of this system."""


def encode(event: Event) -> bytes:
    """Return the event as a message."""
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
    """Return the event in a message. Raises MalformedEvent."""
    try:
        read = _JSON.read(_cloud_event, payload)
    except _UNREADABLE as error:
        raise MalformedEvent("the message is not a CloudEvent") from error
    data = read.get_data()
    if not isinstance(data, dict):
        raise MalformedEvent("the event's data is not an object")
    return Event(read.get_type(), data, read.get_id(), str(read.get_extension("traceparent") or ""))


def _cloud_event(attributes: dict[str, Any], data: Any) -> CloudEvent:
    # The library would invent missing attributes: a new id at every delivery, for example.
    if not attributes.keys() >= {"id", "specversion"}:
        raise MalformedEvent("the message has no id or version")
    return CloudEvent(attributes, data)


def message_of(event: Event, kind: type[MessageT]) -> MessageT:
    """Return the event's data as a protobuf message, without unknown fields. Raises MalformedEvent."""
    try:
        return json_format.ParseDict(event.data, kind(), ignore_unknown_fields=True)
    except json_format.ParseError as error:
        raise MalformedEvent(f"the event's data is not a {kind.DESCRIPTOR.full_name}") from error


def data_of(message: Message) -> dict[str, Any]:
    """Return a protobuf message as an event's data."""
    return json_format.MessageToDict(message)


def span_attributes(operation: str, subject: str, message_id: str) -> dict[str, str]:
    """Return the attributes of a span that sends or processes a message, after OpenTelemetry's conventions."""
    return {
        "messaging.system": "nats",
        "messaging.operation.name": operation,
        "messaging.operation.type": operation,
        "messaging.destination.name": subject,
        "messaging.message.id": message_id,
    }
