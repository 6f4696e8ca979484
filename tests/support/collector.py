"""A minimal OpenTelemetry collector that receives spans and log records over HTTP and stores them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

KINDS = {
    Span.SPAN_KIND_INTERNAL: "INTERNAL",
    Span.SPAN_KIND_SERVER: "SERVER",
    Span.SPAN_KIND_CLIENT: "CLIENT",
    Span.SPAN_KIND_PRODUCER: "PRODUCER",
    Span.SPAN_KIND_CONSUMER: "CONSUMER",
}


class ExportedSpan(NamedTuple):
    """A span, with hexadecimal ids. `parent_id` is empty if the span has no parent."""

    service: str
    kind: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    is_error: bool
    attributes: dict[str, object]


class ExportedLog(NamedTuple):
    """A log record, with hexadecimal ids that are empty if the record belongs to no trace."""

    service: str
    logger: str
    level: str
    message: str
    trace_id: str
    span_id: str
    attributes: dict[str, object]


class Collector:
    """An OTLP endpoint and everything that it has received, in order."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.spans: list[ExportedSpan] = []
        self.logs: list[ExportedLog] = []

    def add_spans(self, body: bytes) -> None:
        """Store the spans of an export request."""
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            service = _service(resource.resource)
            for scope in resource.scope_spans:
                self.spans += [_exported_span(service, span) for span in scope.spans]

    def add_logs(self, body: bytes) -> None:
        """Store the log records of an export request."""
        for resource in ExportLogsServiceRequest.FromString(body).resource_logs:
            service = _service(resource.resource)
            for scope in resource.scope_logs:
                self.logs += [
                    _exported_log(service, scope.scope.name, record) for record in scope.log_records
                ]


def _service(resource: Resource) -> str:
    [name] = [a.value.string_value for a in resource.attributes if a.key == "service.name"]
    return name


def _attributes(item: Span | LogRecord) -> dict[str, object]:
    return {a.key: getattr(a.value, a.value.WhichOneof("value") or "") for a in item.attributes}


def _exported_log(service: str, logger: str, record: LogRecord) -> ExportedLog:
    ids = (record.trace_id.hex(), record.span_id.hex())
    return ExportedLog(
        service, logger, record.severity_text, record.body.string_value, *ids, _attributes(record)
    )


def _exported_span(service: str, span: Span) -> ExportedSpan:
    ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
    return ExportedSpan(service, KINDS[span.kind], span.name, *ids, span.status.code == 2, _attributes(span))


def _body(request: BaseHTTPRequestHandler) -> bytes:
    """Return the body of a request: with a Content-Length, as services send it, or chunked, as Envoy does."""
    if length := request.headers["Content-Length"]:
        return request.rfile.read(int(length))
    body = b""
    while size := int(request.rfile.readline(), 16):
        body += request.rfile.read(size)
        request.rfile.readline()
    request.rfile.readline()
    return body


@contextmanager
def running_collector() -> Iterator[Collector]:
    """Run a collector on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            add = {"/v1/traces": collector.add_spans, "/v1/logs": collector.add_logs}[self.path]
            add(_body(self))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Write no access log."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector = Collector(f"http://127.0.0.1:{server.server_address[1]}")
        threading.Thread(target=server.serve_forever, args=(0.05,)).start()
        try:
            yield collector
        finally:
            server.shutdown()
