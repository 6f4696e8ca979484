"""How responses are classified."""

import json

import pytest

from tools.chaos.classify import Verdict, classify
from tools.chaos.exchanges import GRACE, HTML, JSON, Exchange
from tools.chaos.schedule import Fault, Kind

COMPLETE_PAGE = b"<!doctype html><html><p>A page</p></html>"


def response(
    status, body=b"{}", *, seconds=0.1, accept=JSON, method="GET", rejections=(), location="", **more
):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": f"{accept}; charset=utf-8", "Location": location}
    return Exchange(
        method, "/", accept, 2.0, rejections, 100.0, 100.0 + seconds, status, headers, body, **more
    )


def error(status, reason, *rejections):
    details = {"code": 9, "message": "No.", "details": [{"reason": reason}]}
    return response(status, details, rejections=rejections)


def page(status, body=COMPLETE_PAGE, **more):
    return response(status, body, accept=HTML, **more)


def verdict(exchange, *faults):
    return classify(exchange, faults)[0]


@pytest.mark.parametrize("status", [200, 201])
def test_a_json_object_is_ok(status):
    assert verdict(response(status, {"id": "1"})) is Verdict.OK


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"<html></html>"])
def test_anything_else_than_an_object_is_a_violation(body):
    assert verdict(response(200, body)) is Verdict.VIOLATION


@pytest.mark.parametrize("status", [429, 503, 504])
def test_a_temporary_error_with_a_reason_is_a_clear_error(status):
    assert verdict(error(status, "UPSTREAM_UNAVAILABLE")) is Verdict.CLEAR_ERROR


@pytest.mark.parametrize(
    "body", [b"", b"no healthy upstream", {"code": 14}, {"details": []}, {"details": ["x"]}]
)
def test_an_error_without_a_reason_is_a_violation(body):
    assert verdict(response(503, body)) is Verdict.VIOLATION


def test_an_expected_rejection_is_ok():
    assert verdict(error(400, "CARD_DECLINED", "CARD_DECLINED")) is Verdict.OK


@pytest.mark.parametrize(
    ("status", "reason"), [(400, "CARD_DECLINED"), (401, "TOKEN_MISSING_OR_INVALID"), (404, "NOT_FOUND")]
)
def test_any_other_rejection_is_a_violation(status, reason):
    found = classify(error(status, reason, "SOLD_OUT"), [])
    assert found == (Verdict.VIOLATION, f"wrong rejection ({status} {reason})")


@pytest.mark.parametrize(("status", "reason"), [(500, "INTERNAL"), (503, "INTERNAL"), (500, "SOMETHING")])
def test_an_internal_error_is_a_violation_even_if_its_reason_is_expected(status, reason):
    assert verdict(error(status, reason, reason)) is Verdict.VIOLATION


def fault(kind=Kind.KILL, target="orders"):
    return Fault(0, 1, kind, target)


NO_RESPONSE = response(0, b"", failure="ConnectionError")
TRUNCATED = response(0, b"", failure="ChunkedEncodingError", is_truncated=True)
LATE = response(200, {"id": "1"}, seconds=2.0 + GRACE + 0.1)


def test_a_response_within_the_grace_period_is_not_late():
    assert verdict(response(200, {"id": "1"}, seconds=2.0 + GRACE - 0.1)) is Verdict.OK


@pytest.mark.parametrize("exchange", [NO_RESPONSE, LATE])
def test_a_missing_or_late_response_is_excused_if_a_fault_hits_the_gateway(exchange):
    assert verdict(exchange, fault(target="gateway")) is Verdict.NO_RESPONSE


@pytest.mark.parametrize("exchange", [NO_RESPONSE, LATE, TRUNCATED])
def test_a_missing_late_or_truncated_response_without_such_a_fault_is_a_violation(exchange):
    assert verdict(exchange, fault(Kind.CUT, "storefront -> catalog")) is Verdict.VIOLATION


@pytest.mark.parametrize(
    ("kind", "target"),
    [(Kind.CUT, "gateway -> storefront"), (Kind.KILL, "storefront"), (Kind.KILL, "gateway")],
)
def test_a_truncated_response_is_excused_if_a_fault_hits_its_sender(kind, target):
    assert verdict(TRUNCATED, fault(kind, target)) is Verdict.NO_RESPONSE


@pytest.mark.parametrize(
    "exchange", [page(200), page(303, b"", location="/orders/1"), page(400, method="POST")]
)
def test_a_page_a_redirect_and_a_rejected_form_are_ok(exchange):
    assert verdict(exchange) is Verdict.OK


@pytest.mark.parametrize("status", [503, 504])
def test_the_error_page_is_a_clear_error(status):
    assert verdict(page(status)) is Verdict.CLEAR_ERROR


@pytest.mark.parametrize(
    "exchange",
    [
        page(500),
        page(404),
        page(400),
        page(200, b"<html>cut o"),
        page(303, b"", location="/sign-in?next=/cart"),
    ],
    ids=["500", "404", "400", "truncated", "signed out"],
)
def test_other_pages_are_violations(exchange):
    assert verdict(exchange) is Verdict.VIOLATION
