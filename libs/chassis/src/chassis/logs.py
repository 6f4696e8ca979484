"""Logs: one JSON object per line on stdout, with the trace and the request it belongs to; optionally over OTLP too."""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any

from chassis import context, telemetry

# The attributes of every record: all others come from `extra`.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# The exporter's own messages would come back to it as lines to export.
_NOT_EXPORTED = ("opentelemetry", "urllib3")


def setup(service: str, level: str, endpoint: str = "") -> None:
    """Send all log lines of the process to stdout, and over OTLP/HTTP if there is an `endpoint`."""
    stdout = logging.StreamHandler(sys.stdout)
    stdout.setFormatter(JsonFormatter(service))
    handlers: list[logging.Handler] = [stdout]
    if endpoint:
        handlers.append(LogExporter(service, endpoint))
    logging.basicConfig(level=level, handlers=handlers, force=True)
    # psycopg.pool warns at every failed attempt to connect; readiness already reports that, once.
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)


class JsonFormatter(logging.Formatter):
    """time, level, service, logger, message, trace_id and request_id if known, and the fields of `extra`."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """Return one line of JSON."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "service": self._service,
            "logger": record.name,
            "message": record.getMessage(),
        }
        current = context.current()
        if current.trace_id:
            line["trace_id"] = current.trace_id
        if request_id := current.headers.get(context.REQUEST_ID):
            line["request_id"] = request_id
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        for name, value in _extra(record).items():
            line.setdefault(name, value)
        return json.dumps(line, default=str, ensure_ascii=False)


class LogExporter(logging.Handler):
    """Exports lines over OTLP in batches, from its own thread.

    If the collector does not answer, the oldest lines are dropped. Closing the handler sends the remaining ones.
    """

    def __init__(self, service: str, endpoint: str) -> None:
        super().__init__()
        # OpenTelemetry is imported only if it is used: it takes 10 MiB.
        from opentelemetry import _logs as api
        from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
        from opentelemetry.sdk._logs import LoggerProvider
        from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

        self._api: Any = api
        exporter = OTLPLogExporter(
            endpoint=f"{endpoint.rstrip('/')}/v1/logs", timeout=telemetry.EXPORT_SECONDS
        )
        self._provider = LoggerProvider(resource=telemetry.resource(service), shutdown_on_exit=False)
        self._provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
        self.addFilter(lambda record: not record.name.startswith(_NOT_EXPORTED))

    def emit(self, record: logging.LogRecord) -> None:
        """Give the line to the exporting thread."""
        name = {"WARNING": "WARN", "CRITICAL": "FATAL"}.get(record.levelname, record.levelname)
        severities = self._api.SeverityNumber
        self._provider.get_logger(record.name).emit(
            self._api.LogRecord(
                timestamp=int(record.created * 1e9),
                severity_text=name,
                severity_number=severities.__members__.get(name, severities.UNSPECIFIED),
                body=record.getMessage(),
                context=telemetry.otel_context(context.current().headers.get(context.TRACEPARENT, "")),
                attributes=_attributes(record),
            )
        )

    def close(self) -> None:
        """Send the remaining lines."""
        self._provider.shutdown()
        super().close()


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


def _attributes(record: logging.LogRecord) -> dict[str, Any]:
    found = {name: _plain(value) for name, value in _extra(record).items()}
    if request_id := context.current().headers.get(context.REQUEST_ID):
        found["request_id"] = request_id
    if record.exc_info and record.exc_info[0]:
        kind, error, _ = record.exc_info
        found["exception.type"] = kind.__name__
        found["exception.message"] = str(error)
        found["exception.stacktrace"] = "".join(traceback.format_exception(error))
    return found


def _plain(value: object) -> str | bool | int | float:
    if isinstance(value, str | bool | int | float):
        return value
    return json.dumps(value, default=str, ensure_ascii=False)
