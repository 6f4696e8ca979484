import time

import pytest

from chassis import context
from chassis.context import RequestContext, use_context
from chassis.errors import Unauthenticated
from tests.support.tracing import TRACE_ID, TRACEPARENT


def test_outside_a_request_the_context_is_empty():
    assert context.current().headers == {}


def test_inside_a_request_its_context_is_the_current_one():
    request = RequestContext({"x-request-id": "r"})
    with use_context(request):
        assert context.current() is request
    assert context.current() is not request


def test_the_account_is_the_one_that_the_gateway_authenticated():
    assert RequestContext({"x-account-id": "ada"}).account_id() == "ada"


@pytest.mark.parametrize("headers", [{}, {"x-account-id": ""}])
def test_a_request_without_an_account_is_unauthenticated(headers):
    with pytest.raises(Unauthenticated) as failure:
        RequestContext(headers).account_id()
    assert failure.value.reason == "SIGN_IN_REQUIRED"


def test_the_timeout_is_unchanged_if_there_is_no_deadline():
    assert RequestContext().time_remaining(2.0) == 2.0


def test_the_timeout_ends_before_the_deadline_of_the_request():
    assert 0.5 < RequestContext(deadline=time.monotonic() + 1).time_remaining(2.0) <= 1


def test_the_timeout_is_almost_zero_after_the_deadline():
    assert 0 < RequestContext(deadline=time.monotonic() - 1).time_remaining(2.0) < 0.01


@pytest.mark.parametrize(
    ("timeout", "seconds"), [("2S", 2.0), ("1500m", 1.5), ("1M", 60.0), ("5000u", 0.005)]
)
def test_an_http_request_has_the_deadline_of_the_gateway(timeout, seconds):
    deadline = context.deadline_in({"grpc-timeout": timeout})
    assert deadline is not None
    assert seconds - 1 < deadline - time.monotonic() <= seconds


@pytest.mark.parametrize(
    "headers", [{}, {"grpc-timeout": ""}, {"grpc-timeout": "soon"}, {"grpc-timeout": "-1S"}]
)
def test_an_http_request_without_a_valid_timeout_has_no_deadline(headers):
    assert context.deadline_in(headers) is None


def test_only_trace_request_and_account_are_propagated():
    headers = {
        "traceparent": TRACEPARENT,
        "x-request-id": "r-1",
        "x-account-id": "ada",
        "x-account-email": "ada@example.com",
        "idempotency-key": "k",
        "authorization": "Bearer secret",
    }
    assert dict(RequestContext(headers).propagated_headers()) == {
        name: headers[name] for name in ("traceparent", "x-request-id", "x-account-id", "x-account-email")
    }


@pytest.mark.parametrize("value", ["r\xe9", "r\n", "\0", "", "x" * 513])
def test_a_value_that_is_not_valid_in_metadata_is_not_propagated(value):
    assert RequestContext({"x-request-id": value}).propagated_headers() == ()


def test_the_trace_id_is_that_of_the_traceparent():
    assert RequestContext({"traceparent": TRACEPARENT}).trace_id == TRACE_ID
