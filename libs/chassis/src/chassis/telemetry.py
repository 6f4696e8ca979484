"""Traces: OpenTelemetry over OTLP where an endpoint is set, else nothing is imported and nothing is done."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chassis import call

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_provider: "TracerProvider | None" = None
_tracer: Any = None
SERVER, CLIENT, PRODUCER, CONSUMER = "SERVER", "CLIENT", "PRODUCER", "CONSUMER"


def setup(service: str, endpoint: str) -> None:
    """Starts exporting spans to the OTLP/HTTP `endpoint`; an empty one leaves traces off.

    OTEL_EXPORTER_OTLP_*, OTEL_TRACES_SAMPLER and OTEL_RESOURCE_ATTRIBUTES mean what OpenTelemetry says.
    """
    global _provider, _tracer
    if not endpoint:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create({"service.name": service, "service.namespace": "night-market"})
    _provider = TracerProvider(resource=resource)
    _provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _tracer = _provider.get_tracer("chassis")


def flush() -> None:
    """Sends what is still waiting, then stops; called once, when the process stops."""
    if _provider is not None:
        _provider.shutdown()


@contextmanager
def span(name: str, kind: str, attributes: dict[str, Any]) -> Iterator[Any]:
    """A span around a block, child of the current call's traceparent; yields it, or None where traces are off.

    Inside the block the current call carries the span's own traceparent, so that calls made from there and log
    lines belong to it.
    """
    if _tracer is None:
        yield None
        return
    from opentelemetry import trace
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    now = call.current()
    parent = TraceContextTextMapPropagator().extract(now.headers)
    with _tracer.start_as_current_span(
        name, context=parent, kind=trace.SpanKind[kind], attributes=attributes, record_exception=False
    ) as started:
        own = started.get_span_context()
        traceparent = f"00-{own.trace_id:032x}-{own.span_id:016x}-{int(own.trace_flags):02x}"
        with call.answering(replace(now, headers={**now.headers, call.TRACEPARENT: traceparent})):
            yield started


def failed(started: Any, description: str) -> None:
    """Marks a span from `span` as an error; None is fine."""
    if started is not None:
        from opentelemetry.trace import Status, StatusCode

        started.set_status(Status(StatusCode.ERROR, description))
