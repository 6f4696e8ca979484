"""The OpenTelemetry side of chassis.telemetry; imported only where traces, or log lines, are exported."""

import logging
import time
from collections.abc import Mapping
from typing import Any

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from chassis.context import TRACEPARENT

EXPORT_SECONDS = 2
_QUIET_SECONDS = 600.0
_W3C = TraceContextTextMapPropagator()


def resource(service: str) -> Resource:
    """Who exports; OTEL_RESOURCE_ATTRIBUTES may say more."""
    return Resource.create({"service.name": service, "service.namespace": "night-market"})


def context_of(traceparent: str) -> Context:
    """The context of the span that a W3C traceparent names; an empty one where it names none."""
    return _W3C.extract({TRACEPARENT: traceparent}, Context())


class _Seldom(logging.Filter):
    """Lets through one line in ten minutes: a market may run for days without a collector."""

    def __init__(self) -> None:
        super().__init__()
        self._next = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        if time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + _QUIET_SECONDS
        return True


class Tracing:
    """Makes spans and exports them in batches, from a thread of its own."""

    def __init__(self, service: str, endpoint: str) -> None:
        exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_SECONDS)
        self._log = logging.getLogger(OTLPSpanExporter.__module__)
        self._seldom = _Seldom()
        self._log.addFilter(self._seldom)
        self._provider = TracerProvider(resource=resource(service))
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("chassis")

    def start(self, name: str, kind: str, attributes: Mapping[str, Any], parent: str) -> tuple[Span, str]:
        """A span that runs, child of the traceparent `parent`, and its own traceparent."""
        span = self._tracer.start_span(name, context_of(parent), SpanKind[kind], attributes)
        own = span.get_span_context()
        return span, f"00-{own.trace_id:032x}-{own.span_id:016x}-{own.trace_flags:02x}"

    def mark_failed(self, span: Span, description: str) -> None:
        """Makes the span one of an error."""
        span.set_status(Status(StatusCode.ERROR, description))

    def stop(self) -> None:
        """Exports what is left; gives up on a collector that does not answer."""
        self._provider.shutdown()
        self._log.removeFilter(self._seldom)
