import time

import pytest

from chassis import context
from chassis.context import RequestContext, use_context
from chassis.errors import Unauthenticated

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_outside_of_requests_nobody_calls():
    assert context.current().headers == {}


def test_inside_of_a_request_its_call_is_the_current_one():
    mine = RequestContext({"x-request-id": "r"})
    with use_context(mine):
        assert context.current() is mine
    assert context.current() is not mine


def test_the_account_is_the_one_that_the_gateway_has_checked():
    assert RequestContext({"x-account-id": "ada"}).account_id() == "ada"


@pytest.mark.parametrize("headers", [{}, {"x-account-id": ""}])
def test_without_an_account_one_has_to_sign_in(headers):
    with pytest.raises(Unauthenticated) as refused:
        RequestContext(headers).account_id()
    assert refused.value.reason == "SIGN_IN_REQUIRED"


def test_a_call_without_a_deadline_has_all_the_time_that_is_asked_for():
    assert RequestContext().time_remaining(2.0) == 2.0


def test_a_call_made_for_another_ends_before_that_one_s_deadline():
    assert 0.5 < RequestContext(deadline=time.monotonic() + 1).time_remaining(2.0) <= 1


def test_a_call_whose_deadline_has_passed_gets_next_to_no_time():
    assert 0 < RequestContext(deadline=time.monotonic() - 1).time_remaining(2.0) < 0.01


@pytest.mark.parametrize(
    ("timeout", "seconds"), [("2S", 2.0), ("1500m", 1.5), ("1M", 60.0), ("5000u", 0.005)]
)
def test_an_http_request_has_the_deadline_that_the_gateway_sets(timeout, seconds):
    deadline = context.deadline_in({"grpc-timeout": timeout})
    assert deadline is not None
    assert seconds - 1 < deadline - time.monotonic() <= seconds


@pytest.mark.parametrize(
    "headers", [{}, {"grpc-timeout": ""}, {"grpc-timeout": "soon"}, {"grpc-timeout": "-1S"}]
)
def test_an_http_request_without_a_proper_timeout_has_no_deadline(headers):
    assert context.deadline_in(headers) is None


def test_trace_request_and_account_are_passed_on_and_nothing_else():
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


@pytest.mark.parametrize("odd", ["r\xe9", "r\n", "\0", "", "x" * 513])
def test_what_cannot_travel_as_metadata_is_not_passed_on(odd):
    assert RequestContext({"x-request-id": odd}).propagated_headers() == ()


def test_the_trace_id_is_the_one_of_the_traceparent():
    assert RequestContext({"traceparent": TRACEPARENT}).trace_id == "0af7651916cd43dd8448eb211c80319c"
