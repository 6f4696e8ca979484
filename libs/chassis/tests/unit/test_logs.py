import json
import logging

import pytest

from chassis.context import RequestContext, use_context
from chassis.logs import JsonFormatter
from tests.support.tracing import TRACE_ID, TRACEPARENT


@pytest.fixture
def written():
    """Format a log record and parse the line: written("message", field=...)."""

    def write(message, *args, **extra):
        record = logging.getLogger("example").makeRecord(
            "example", logging.INFO, "f.py", 1, message, args, None, extra=extra
        )
        text = JsonFormatter("catalog").format(record)
        assert "\n" not in text
        return json.loads(text)

    return write


def test_a_line_has_time_level_service_logger_and_message(written):
    line = written("sold %s", "tea")
    assert line.pop("time").endswith("+00:00")
    assert line == {"level": "INFO", "service": "catalog", "logger": "example", "message": "sold tea"}


def test_extra_fields_are_in_the_line(written):
    assert written("sold", product="tea", units=2)["units"] == 2


def test_extra_fields_cannot_replace_standard_fields(written):
    assert written("sold", service="bank")["service"] == "catalog"


def test_line_breaks_are_escaped(written):
    assert written("two\nlines", note="and\r\nmore")["message"] == "two\nlines"


def test_a_value_that_json_does_not_support_is_written_as_text(written):
    assert written("odd", thing={1, 2})["thing"] == "{1, 2}"


def test_a_line_has_the_trace_and_request_of_its_context(written):
    with use_context(RequestContext({"traceparent": TRACEPARENT, "x-request-id": "r-1"})):
        line = written("sold")
    assert (line["trace_id"], line["request_id"]) == (TRACE_ID, "r-1")


def test_a_line_outside_a_request_has_no_trace(written):
    assert "trace_id" not in written("sold")


def test_an_exception_is_logged_with_its_traceback():
    try:
        raise KeyError("tea")
    except KeyError as error:
        info = (KeyError, error, error.__traceback__)
    record = logging.getLogger("example").makeRecord("example", logging.ERROR, "f.py", 1, "failed", (), info)
    line = json.loads(JsonFormatter("catalog").format(record))
    assert "Traceback" in line["exception"]
    assert "KeyError: 'tea'" in line["exception"]
