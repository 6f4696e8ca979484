"""A tiny OpenTelemetry collector: it takes spans and log lines over HTTP and keeps them."""

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


class Seen(NamedTuple):
    """What is known of a span."""

    service: str
    kind: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    is_error: bool
    attributes: dict[str, object]


class Line(NamedTuple):
    """What is known of a log line."""

    service: str
    logger: str
    level: str
    message: str
    trace_id: str
    span_id: str
    attributes: dict[str, object]


class Collector:
    """Where spans and lines go: its OTLP endpoint, and what it has seen."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.spans: list[Seen] = []
        self.lines: list[Line] = []

    def take_spans(self, body: bytes) -> None:
        """Keeps the spans of a request."""
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            service = _service(resource.resource)
            for scope in resource.scope_spans:
                self.spans += [_seen(service, span) for span in scope.spans]

    def take_lines(self, body: bytes) -> None:
        """Keeps the log lines of a request."""
        for resource in ExportLogsServiceRequest.FromString(body).resource_logs:
            service = _service(resource.resource)
            for scope in resource.scope_logs:
                self.lines += [_line(service, scope.scope.name, record) for record in scope.log_records]


def _service(resource: Resource) -> str:
    [name] = [a.value.string_value for a in resource.attributes if a.key == "service.name"]
    return name


def _attributes(of: Span | LogRecord) -> dict[str, object]:
    return {a.key: getattr(a.value, a.value.WhichOneof("value") or "") for a in of.attributes}


def _line(service: str, logger: str, record: LogRecord) -> Line:
    ids = (record.trace_id.hex(), record.span_id.hex())
    return Line(service, logger, record.severity_text, record.body.string_value, *ids, _attributes(record))


def _seen(service: str, span: Span) -> Seen:
    ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
    return Seen(service, KINDS[span.kind], span.name, *ids, span.status.code == 2, _attributes(span))


def _body(request: BaseHTTPRequestHandler) -> bytes:
    """What a request brings: of a length that is told before, as services do, or piece by piece, as Envoy does."""
    if length := request.headers["Content-Length"]:
        return request.rfile.read(int(length))
    body = b""
    while size := int(request.rfile.readline(), 16):
        body += request.rfile.read(size)
        request.rfile.readline()
    request.rfile.readline()
    return body


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector that listens."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            take = {"/v1/traces": collector.take_spans, "/v1/logs": collector.take_lines}[self.path]
            take(_body(self))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Not a word."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector = Collector(f"http://127.0.0.1:{server.server_address[1]}")
        threading.Thread(target=server.serve_forever, args=(0.05,)).start()
        try:
            yield collector
        finally:
            server.shutdown()
