import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from chassis import logs
from chassis.context import RequestContext, use_context
from tests.support.tracing import PARENT_ID, TRACE_ID, TRACEPARENT
from tests.support.waiting import wait_until

TIMEOUT = 10.0  # seconds
PROGRAM = """if True:
    from chassis.config import ServiceConfig, load
    from chassis.lifecycle import Service

    class Config(ServiceConfig):
        service = "example"

    Service(load(Config)).run()
"""
log = logging.getLogger("example.tea")


@pytest.fixture(autouse=True)
def _restored_log_handlers():
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    for handler in before[1]:  # pytest's own handlers, which would be closed otherwise
        root.removeHandler(handler)
    yield
    root.setLevel(before[0])
    root.handlers[:] = before[1]


@contextmanager
def exporting(endpoint, level="INFO"):
    """Export the log records of a block at its end."""
    logs.setup("example", level, endpoint)
    try:
        yield
    finally:
        for handler in logging.getLogger().handlers:
            handler.close()


def test_a_record_is_exported_with_its_trace_and_request(collector):
    headers = {"traceparent": TRACEPARENT, "x-request-id": "r-1"}
    with exporting(collector.endpoint), use_context(RequestContext(headers)):
        log.warning("sold %s", "tea", extra={"units": 2, "errors": {"cup": "broken"}})
    [record] = collector.logs
    assert record[:4] == ("example", "example.tea", "WARN", "sold tea")
    assert (record.trace_id, record.span_id) == (TRACE_ID, PARENT_ID)
    assert record.attributes == {"units": 2, "errors": '{"cup": "broken"}', "request_id": "r-1"}


def test_a_record_outside_a_request_has_no_trace(collector):
    with exporting(collector.endpoint):
        log.info("started")
    assert [(record.trace_id, record.attributes) for record in collector.logs] == [("", {})]


def test_an_exception_is_exported_with_its_stack_trace(collector):
    with exporting(collector.endpoint):
        try:
            raise KeyError("tea")
        except KeyError:
            log.exception("failed")
    [record] = collector.logs
    assert record.attributes["exception.type"] == "KeyError"
    assert record.attributes["exception.message"] == "'tea'"
    assert "test_log_export.py" in record.attributes["exception.stacktrace"]


def test_an_exported_record_is_also_written_to_stdout(collector, capsys):
    with exporting(collector.endpoint):
        log.info("sold")
    assert json.loads(capsys.readouterr().out)["message"] == "sold"


def test_a_record_below_the_log_level_is_not_exported(collector):
    with exporting(collector.endpoint, "WARNING"):
        log.info("sold")
    assert collector.logs == []


@pytest.mark.parametrize("is_listening", [False, True], ids=["absent", "silent"])
def test_a_collector_that_does_not_respond_delays_no_request(is_listening, capsys):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        if not is_listening:
            silent.close()
        started = time.monotonic()
        with exporting(f"http://127.0.0.1:{port}"):
            for number in range(100):
                log.info("sold %s", number)
            assert time.monotonic() - started < TIMEOUT / 2
        assert time.monotonic() - started < TIMEOUT
    assert capsys.readouterr().out.count('"sold ') == 100


def test_errors_of_the_exporter_are_not_exported(collector):
    with exporting(collector.endpoint):
        logging.getLogger("opentelemetry.exporter").error("could not export")
    assert collector.logs == []


@contextmanager
def running(**variables):
    """Run a service in a process within a block and stop it at the end."""
    ports = {"PORT": "0", "ADMIN_PORT": "0"}
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, **ports, **variables},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=TIMEOUT)
    finally:
        process.kill()
        process.wait()


def test_a_service_exports_all_its_log_records_including_the_last(collector):
    with running(OTEL_LOGS_EXPORTER="otlp", OTEL_EXPORTER_OTLP_ENDPOINT=collector.endpoint):
        wait_until(lambda: [record for record in collector.logs if record.message == "started"])
    assert [record.message for record in collector.logs] == ["started", "stopping", "stopped"]
    assert {record.service for record in collector.logs} == {"example"}


def test_nothing_is_exported_by_default(collector):
    with running(OTEL_EXPORTER_OTLP_ENDPOINT=collector.endpoint) as process:
        assert "started" in process.stdout.readline()
    assert collector.logs == []
