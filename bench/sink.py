"""A collector that counts the spans of every service and keeps none: OTLP over gRPC and over HTTP on one port."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from laptop.ports import HOST

FLUSH_SECONDS = 1.5
_FLUSH = {"OTEL_BSP_SCHEDULE_DELAY": "1000"}  # milliseconds: each round bears the cost of its own traces
_EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
_HTTP2 = b"PRI"  # how a connection that speaks gRPC begins


class Sink(grpc.GenericRpcHandler):
    """Where traces go. ``spans`` counts them by service."""

    def __init__(self) -> None:
        self.spans: Counter[str] = Counter()
        self._grpc = grpc.server(ThreadPoolExecutor(2))
        self._grpc.add_generic_rpc_handlers([self])
        self.grpc_port = self._grpc.add_insecure_port(f"{HOST}:0")
        self._http = _HttpServer((HOST, 0), _Connection, self)

    @property
    def environment(self) -> dict[str, str]:
        """What a market is given so that it sends its traces here."""
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{HOST}:{self._http.server_port}", **_FLUSH}

    @contextlib.contextmanager
    def running(self) -> Iterator[Sink]:
        """Listen while the block runs."""
        self._grpc.start()
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        try:
            yield self
        finally:
            self._http.shutdown()
            self._http.server_close()
            self._grpc.stop(grace=None).wait()

    def take(self, export: bytes, _context: object = None) -> bytes:
        """Count what is in a batch; gives the answer to it."""
        for part in ExportTraceServiceRequest.FromString(export).resource_spans:
            names = {entry.key: entry.value.string_value for entry in part.resource.attributes}
            self.spans[names["service.name"]] += sum(len(scope.spans) for scope in part.scope_spans)
        return b""

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes] | None:
        """How gRPC finds out what to do with a call."""
        return grpc.unary_unary_rpc_method_handler(self.take) if details.method == _EXPORT else None


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[_Connection], sink: Sink) -> None:
        self.sink = sink
        super().__init__(address, handler)


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _HttpServer

    def handle(self) -> None:
        if self.connection.recv(len(_HTTP2), socket.MSG_PEEK) == _HTTP2:
            with socket.create_connection((HOST, self.server.sink.grpc_port)) as inner:
                threading.Thread(target=_copy, args=(inner, self.connection), daemon=True).start()
                _copy(self.connection, inner)
        else:
            super().handle()

    def do_POST(self) -> None:
        self.server.sink.take(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """One line for each batch would be too many."""


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
