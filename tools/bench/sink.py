"""A collector that counts the spans of every service and keeps none: OTLP over HTTP."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import Counter
from collections.abc import Iterator

import flask
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from werkzeug.serving import make_server

from laptop.ports import HOST

FLUSH_SECONDS = 1.5
_FLUSH = {"OTEL_BSP_SCHEDULE_DELAY": "1000"}  # milliseconds: each round bears the cost of its own traces


class Sink:
    """Where traces go. ``spans`` counts them by service."""

    def __init__(self) -> None:
        self.spans: Counter[str] = Counter()
        app = flask.Flask("sink")
        app.add_url_rule("/v1/traces", view_func=self._take, methods=["POST"])
        logging.getLogger("werkzeug").setLevel(logging.WARNING)  # one line for each batch would be too many
        self._server = make_server(HOST, 0, app, threaded=True)

    @property
    def environment(self) -> dict[str, str]:
        """What a market is given so that it sends its traces here."""
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{HOST}:{self._server.server_port}", **_FLUSH}

    @contextlib.contextmanager
    def running(self) -> Iterator[Sink]:
        """Listen while the block runs."""
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()

    def _take(self) -> str:
        for part in ExportTraceServiceRequest.FromString(flask.request.get_data()).resource_spans:
            names = {entry.key: entry.value.string_value for entry in part.resource.attributes}
            self.spans[names["service.name"]] += sum(len(scope.spans) for scope in part.scope_spans)
        return ""
