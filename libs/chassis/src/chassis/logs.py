"""One log format: a JSON object a line on stdout, with the trace and the request it belongs to; and over OTLP."""

import json
import logging
import sys
from datetime import UTC, datetime

from chassis import context

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """time, level, service, logger, message, trace_id and request_id where known, and what `extra` gives."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "service": self._service,
            "logger": record.name,
            "message": record.getMessage(),
        }
        now = context.current()
        if now.trace_id:
            line["trace_id"] = now.trace_id
        if request_id := now.headers.get(context.REQUEST_ID):
            line["request_id"] = request_id
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        for key, value in vars(record).items():
            if key not in _OWN:
                line.setdefault(key, value)
        return json.dumps(line, default=str, ensure_ascii=False)


def setup(service: str, level: str, endpoint: str = "") -> None:
    """Sends every log line of the process through the one format, and over OTLP/HTTP where an `endpoint` is given."""
    on_stdout = logging.StreamHandler(sys.stdout)
    on_stdout.setFormatter(JsonFormatter(service))
    handlers: list[logging.Handler] = [on_stdout]
    if endpoint:
        from chassis.log_export import LogExporter

        handlers.append(LogExporter(service, endpoint, _OWN))
    logging.basicConfig(level=level, handlers=handlers, force=True)
    # psycopg.pool warns at every failed attempt to connect; readiness tells that already, once.
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
