"""Log lines over OTLP, beside those on stdout; imported only where OTEL_LOGS_EXPORTER asks for them."""

import json
import logging
import traceback
from typing import Any

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

from chassis import context
from chassis.tracing import EXPORT_SECONDS, context_of, resource

# The exporter's own trouble would come back to it as lines to export.
_NOT_EXPORTED = ("opentelemetry", "urllib3")
_SEVERITIES = {
    logging.DEBUG: ("DEBUG", SeverityNumber.DEBUG),
    logging.INFO: ("INFO", SeverityNumber.INFO),
    logging.WARNING: ("WARN", SeverityNumber.WARN),
    logging.ERROR: ("ERROR", SeverityNumber.ERROR),
    logging.CRITICAL: ("FATAL", SeverityNumber.FATAL),
}


class LogExporter(logging.Handler):
    """Exports lines in batches, from a thread of its own; `own` are the fields that every record has.

    Closing it sends what is left, and gives up on a collector that does not answer.
    """

    def __init__(self, service: str, endpoint: str, own: frozenset[str]) -> None:
        super().__init__()
        self._own = own
        exporter = OTLPLogExporter(endpoint=f"{endpoint.rstrip('/')}/v1/logs", timeout=EXPORT_SECONDS)
        self._provider = LoggerProvider(resource=resource(service), shutdown_on_exit=False)
        self._provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
        self.addFilter(lambda record: not record.name.startswith(_NOT_EXPORTED))

    def emit(self, record: logging.LogRecord) -> None:
        """Hands the line to the thread; where too many wait, the oldest are dropped."""
        text, number = _SEVERITIES.get(record.levelno, (record.levelname, SeverityNumber.UNSPECIFIED))
        line = LogRecord(
            timestamp=int(record.created * 1e9),
            severity_text=text,
            severity_number=number,
            body=record.getMessage(),
            context=context_of(context.current().headers.get(context.TRACEPARENT, "")),
            attributes=self._attributes(record),
        )
        self._provider.get_logger(record.name).emit(line)

    def close(self) -> None:
        """Sends what is left."""
        self._provider.shutdown()
        super().close()

    def _attributes(self, record: logging.LogRecord) -> dict[str, Any]:
        found = {name: _plain(value) for name, value in vars(record).items() if name not in self._own}
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
