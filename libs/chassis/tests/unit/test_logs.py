import json
import logging

import pytest

from chassis.context import RequestContext, use_context
from chassis.logs import JsonFormatter

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def written():
    """Formats a log line and reads it back: written("message", extra=...)."""

    def write(message, *args, **extra):
        record = logging.getLogger("service").makeRecord(
            "service", logging.INFO, "f.py", 1, message, args, None, extra=extra
        )
        text = JsonFormatter("catalog").format(record)
        assert "\n" not in text
        return json.loads(text)

    return write


def test_a_line_says_when_where_and_what(written):
    line = written("sold %s", "tea")
    assert line.pop("time").endswith("+00:00")
    assert line == {"level": "INFO", "service": "catalog", "logger": "service", "message": "sold tea"}


def test_what_is_extra_has_names_of_its_own(written):
    assert written("sold", product="tea", pieces=2)["pieces"] == 2


def test_what_is_extra_cannot_pass_for_something_else(written):
    assert written("sold", service="bank")["service"] == "catalog"


def test_a_line_stays_one_line_whatever_is_in_it(written):
    assert written("two\nlines", note="and\r\nmore")["message"] == "two\nlines"


def test_what_json_does_not_know_is_written_as_text(written):
    assert written("odd", thing={1, 2})["thing"] == "{1, 2}"


def test_a_line_belongs_to_the_trace_and_the_request_that_is_answered(written):
    with use_context(
        RequestContext({"traceparent": f"00-{TRACE}-b7ad6b7169203331-01", "x-request-id": "r-1"})
    ):
        line = written("sold")
    assert (line["trace_id"], line["request_id"]) == (TRACE, "r-1")


def test_a_line_outside_of_requests_belongs_to_no_trace(written):
    assert "trace_id" not in written("sold")


def test_an_exception_is_told_with_where_it_came_from():
    try:
        raise KeyError("tea")
    except KeyError as error:
        info = (KeyError, error, error.__traceback__)
    record = logging.getLogger("service").makeRecord("service", logging.ERROR, "f.py", 1, "oh", (), info)
    line = json.loads(JsonFormatter("catalog").format(record))
    assert "Traceback" in line["exception"]
    assert "KeyError: 'tea'" in line["exception"]
