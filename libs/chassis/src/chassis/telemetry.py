"""Traces: OpenTelemetry over OTLP where an endpoint is set, else nothing is imported and nothing is done.

What the caller decided about a trace holds: the spans of one that it does not record are not made here either.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chassis import context

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from chassis.tracing import Tracing

SERVER, CLIENT, PRODUCER, CONSUMER = "SERVER", "CLIENT", "PRODUCER", "CONSUMER"
_NOT_RECORDED = "-00"
_tracing: "Tracing | None" = None


def setup(service: str, endpoint: str) -> None:
    """Starts exporting spans to the OTLP/HTTP `endpoint`, for example http://127.0.0.1:4318; "" leaves traces off.

    The other OTEL_ variables (OTEL_TRACES_SAMPLER, OTEL_RESOURCE_ATTRIBUTES, ...) mean what OpenTelemetry says.
    """
    global _tracing
    if endpoint:
        from chassis.tracing import Tracing

        _tracing = Tracing(service, endpoint)


def flush() -> None:
    """Sends what is still waiting, for a few seconds at most, and turns traces off."""
    global _tracing
    if _tracing is not None:
        _tracing.stop()
        _tracing = None


@contextmanager
def span(name: str, kind: str, attributes: Mapping[str, Any]) -> "Iterator[Span | None]":
    """A span around a block, child of the current call's traceparent; yields it, or None where none is recorded.

    Inside the block the current call carries the span's own traceparent, so that calls made from there and log
    lines belong to it. An exception that leaves the block does not mark the span; `failed` does.
    """
    now = context.current()
    parent = now.headers.get(context.TRACEPARENT, "")
    if _tracing is None or parent.endswith(_NOT_RECORDED):
        yield None
        return
    started, traceparent = _tracing.start(name, kind, attributes, parent)
    try:
        with context.use_context(replace(now, headers={**now.headers, context.TRACEPARENT: traceparent})):
            yield started
    finally:
        started.end()


def is_on() -> bool:
    """Whether spans are exported at all."""
    return _tracing is not None


def messaging(operation: str, subject: str, message_id: str) -> dict[str, str]:
    """The attributes of a span that sends or processes a message, as OpenTelemetry's conventions name them."""
    return {
        "messaging.system": "nats",
        "messaging.operation.name": operation,
        "messaging.operation.type": operation,
        "messaging.destination.name": subject,
        "messaging.message.id": message_id,
    }


def failed(started: "Span | None", description: str) -> None:
    """Marks a span from `span` as an error; None is fine."""
    if started is not None and _tracing is not None:
        _tracing.mark_failed(started, description)
