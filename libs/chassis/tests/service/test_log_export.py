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
from tests.support.collector import collecting
from tests.support.waiting import wait_until

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SOON = 10.0  # seconds
SERVICE = """if True:
    from chassis.config import ServiceConfig, load
    from chassis.lifecycle import Service

    class Config(ServiceConfig):
        service = "service"

    Service(load(Config)).run()
"""
log = logging.getLogger("service.tea")


@pytest.fixture
def collector():
    with collecting() as collector:
        yield collector


@pytest.fixture(autouse=True)
def _logging_as_it_was():
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    for handler in before[1]:  # pytest's own: they would be closed otherwise
        root.removeHandler(handler)
    yield
    root.setLevel(before[0])
    root.handlers[:] = before[1]


@contextmanager
def exporting(endpoint, level="INFO"):
    """A block whose lines are exported at its end."""
    logs.setup("service", level, endpoint)
    try:
        yield
    finally:
        for handler in logging.getLogger().handlers:
            handler.close()


def test_a_line_is_exported_with_the_call_that_it_belongs_to(collector):
    headers = {"traceparent": f"00-{TRACE}-{SPAN}-01", "x-request-id": "r-1"}
    with exporting(collector.endpoint), use_context(RequestContext(headers)):
        log.warning("sold %s", "tea", extra={"pieces": 2, "problems": {"cup": "broken"}})
    [line] = collector.lines
    assert line[:4] == ("service", "service.tea", "WARN", "sold tea")
    assert (line.trace_id, line.span_id) == (TRACE, SPAN)
    assert line.attributes == {"pieces": 2, "problems": '{"cup": "broken"}', "request_id": "r-1"}


def test_a_line_outside_of_requests_belongs_to_no_trace(collector):
    with exporting(collector.endpoint):
        log.info("started")
    assert [(line.trace_id, line.attributes) for line in collector.lines] == [("", {})]


def test_an_exception_is_exported_with_where_it_came_from(collector):
    with exporting(collector.endpoint):
        try:
            raise KeyError("tea")
        except KeyError:
            log.exception("oh")
    [line] = collector.lines
    assert line.attributes["exception.type"] == "KeyError"
    assert line.attributes["exception.message"] == "'tea'"
    assert "test_log_export.py" in line.attributes["exception.stacktrace"]


def test_a_line_that_is_exported_is_on_stdout_too(collector, capsys):
    with exporting(collector.endpoint):
        log.info("sold")
    assert json.loads(capsys.readouterr().out)["message"] == "sold"


def test_what_is_not_serious_enough_is_not_exported(collector):
    with exporting(collector.endpoint, "WARNING"):
        log.info("sold")
    assert collector.lines == []


@pytest.mark.parametrize("is_there", [False, True], ids=["not there", "silent"])
def test_a_collector_that_does_not_answer_holds_nobody_up(is_there, capsys):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        if not is_there:
            silent.close()
        begun = time.monotonic()
        with exporting(f"http://127.0.0.1:{port}"):
            for number in range(100):
                log.info("sold %s", number)
            assert time.monotonic() - begun < SOON / 2
        assert time.monotonic() - begun < SOON
    assert capsys.readouterr().out.count('"sold ') == 100


def test_the_exporter_s_own_trouble_is_not_exported(collector):
    with exporting(collector.endpoint):
        logging.getLogger("opentelemetry.exporter").error("could not export")
    assert collector.lines == []


@contextmanager
def running(**variables):
    """A whole service in a process of its own, stopped at the end of the block."""
    settings = {"PORT": "0", "ADMIN_PORT": "0", **variables}
    process = subprocess.Popen(
        [sys.executable, "-c", SERVICE], env={**os.environ, **settings}, stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=SOON)
    finally:
        process.kill()
        process.wait()


def test_a_service_exports_all_that_it_says_to_its_last_line(collector):
    with running(OTEL_LOGS_EXPORTER="otlp", OTEL_EXPORTER_OTLP_ENDPOINT=collector.endpoint):
        wait_until(lambda: [line for line in collector.lines if line.message == "started"])
    assert [line.message for line in collector.lines] == ["started", "stopping", "stopped"]
    assert {line.service for line in collector.lines} == {"service"}


def test_nothing_is_exported_unless_it_is_asked_for(collector):
    with running(OTEL_EXPORTER_OTLP_ENDPOINT=collector.endpoint) as process:
        assert "started" in process.stdout.readline()
    assert collector.lines == []
