"""Telemetry: metrics for Prometheus, and traces over OTLP.

Metrics are RED (rate, errors, duration), named after OpenTelemetry's semantic conventions in Prometheus form. Business
counters are declared by the services, as market_<what>_total.

Traces are off without an endpoint; then OpenTelemetry is not even imported, because that takes 10 MiB. If the caller
does not sample a trace, no spans are made here either.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from prometheus_client import Gauge, Histogram, disable_created_metrics

from chassis import context
from chassis.errors import Unavailable

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.trace import Span
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

disable_created_metrics()  # type: ignore[no-untyped-call]  # it would be a second, unused series for each metric
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
RPC_SERVER = Histogram(
    "rpc_server_duration_seconds",
    "Duration of gRPC calls to this service.",
    ["rpc_service", "rpc_method", "rpc_grpc_status_code"],
    buckets=_BUCKETS,
)
RPC_CLIENT = Histogram(
    "rpc_client_duration_seconds",
    "Duration of gRPC calls to other services.",
    ["rpc_service", "rpc_method", "rpc_grpc_status_code"],
    buckets=_BUCKETS,
)
HTTP_SERVER = Histogram(
    "http_server_request_duration_seconds",
    "Duration of HTTP requests.",
    ["http_request_method", "http_route", "http_response_status_code"],
    buckets=_BUCKETS,
)

SERVER, CLIENT, PRODUCER, CONSUMER = "SERVER", "CLIENT", "PRODUCER", "CONSUMER"
EXPORT_SECONDS = 2
_QUIET_SECONDS = 600.0
_NOT_SAMPLED = "-00"
_tracing: "_Tracing | None" = None


def watch(gauge: Gauge, measure: Callable[[], float]) -> None:
    """Set the gauge to what `measure` returns at scrape time; NaN if it raises Unavailable."""

    def measured() -> float:
        try:
            return measure()
        except Unavailable:
            return float("nan")

    gauge.set_function(measured)


def setup(service: str, endpoint: str) -> None:
    """Export spans to the OTLP/HTTP `endpoint`, for example http://127.0.0.1:4318; "" turns traces off.

    The other OTEL_ variables (OTEL_TRACES_SAMPLER, OTEL_RESOURCE_ATTRIBUTES, ...) work as OpenTelemetry documents.
    """
    global _tracing
    if endpoint:
        _tracing = _Tracing(service, endpoint)


def flush() -> None:
    """Send the remaining spans, for a few seconds at most, and turn traces off."""
    global _tracing
    if _tracing is not None:
        _tracing.stop()
        _tracing = None


def is_on() -> bool:
    """Return whether spans are exported."""
    return _tracing is not None


@contextmanager
def span(name: str, kind: str, attributes: Mapping[str, Any]) -> "Iterator[Span | None]":
    """A span around a block, child of the current request's traceparent; yields it, or None if it is not recorded.

    Inside the block the current context carries the span's traceparent, so that calls and log lines belong to it. An
    exception that leaves the block does not mark the span as failed; `mark_failed` does.
    """
    current = context.current()
    parent = current.headers.get(context.TRACEPARENT, "")
    if _tracing is None or parent.endswith(_NOT_SAMPLED):
        yield None
        return
    started, traceparent = _tracing.start(name, kind, attributes, parent)
    try:
        headers = {**current.headers, context.TRACEPARENT: traceparent}
        with context.use_context(replace(current, headers=headers)):
            yield started
    finally:
        started.end()


def mark_failed(span: "Span | None", description: str) -> None:
    """Mark a span from `span` as failed; does nothing if it is None."""
    if span is not None:
        from opentelemetry.trace import Status, StatusCode

        span.set_status(Status(StatusCode.ERROR, description))


def resource(service: str) -> "Resource":
    """Return the service as an OpenTelemetry resource; OTEL_RESOURCE_ATTRIBUTES may add attributes."""
    from opentelemetry.sdk.resources import Resource

    return Resource.create({"service.name": service, "service.namespace": "night-market"})


def otel_context(traceparent: str) -> "Context":
    """Return the OpenTelemetry context of the span that a W3C traceparent names; an empty one if it names none."""
    return _propagator().extract({context.TRACEPARENT: traceparent})


@cache
def _propagator() -> "TraceContextTextMapPropagator":
    # Cached, because this runs for every span, and an import statement in a function is not free.
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator()


class _Tracing:
    """Makes spans and exports them in batches, from its own thread."""

    def __init__(self, service: str, endpoint: str) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.trace import SpanKind

        exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_SECONDS)
        self._kinds = SpanKind
        self._log = logging.getLogger(OTLPSpanExporter.__module__)
        self._rarely = _Rarely()
        self._log.addFilter(self._rarely)
        self._provider = TracerProvider(resource=resource(service))
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("chassis")

    def start(self, name: str, kind: str, attributes: Mapping[str, Any], parent: str) -> "tuple[Span, str]":
        """Return a started span, child of the traceparent `parent`, and its own traceparent."""
        started = self._tracer.start_span(name, otel_context(parent), self._kinds[kind], attributes)
        ids = started.get_span_context()
        return started, f"00-{ids.trace_id:032x}-{ids.span_id:016x}-{ids.trace_flags:02x}"

    def stop(self) -> None:
        """Export the remaining spans; give up if the collector does not answer."""
        self._provider.shutdown()
        self._log.removeFilter(self._rarely)


class _Rarely(logging.Filter):
    """Lets one line in ten minutes pass: a stack may run for days without a collector."""

    _next = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        if time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + _QUIET_SECONDS
        return True
