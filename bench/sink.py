"""A collector that takes every trace and keeps none: OTLP over gRPC for Envoy, over HTTP for the services."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc

_EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
_FLUSH_MILLISECONDS = "1000"  # soon enough for a round to contain the cost of its own traces
FLUSH_SECONDS = 1.5


class Sink:
    """Where traces go. ``exports`` counts the batches that came, by protocol."""

    def __init__(self) -> None:
        self.exports: Counter[str] = Counter()
        self._grpc = grpc.server(ThreadPoolExecutor(2))
        self._grpc.add_generic_rpc_handlers([_AnyExport(self.exports)])
        self._grpc_port = self._grpc.add_insecure_port("127.0.0.1:0")
        exports = self.exports

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                exports["http"] += 1
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """One line for each batch would be too many."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True

    @property
    def environment(self) -> dict[str, str]:
        """What a market is given so that it sends its traces here."""
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{self._grpc_port}",
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"http://127.0.0.1:{self._http.server_port}/v1/traces",
            "OTEL_BSP_SCHEDULE_DELAY": _FLUSH_MILLISECONDS,
        }

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


class _AnyExport(grpc.GenericRpcHandler):
    def __init__(self, exports: Counter[str]) -> None:
        self._exports = exports

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes] | None:
        if details.method != _EXPORT:
            return None
        return grpc.unary_unary_rpc_method_handler(self._take)

    def _take(self, _request: bytes, _context: grpc.ServicerContext) -> bytes:
        self._exports["grpc"] += 1
        return b""
