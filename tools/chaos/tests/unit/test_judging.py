"""What an answer is worth."""

import json

import pytest

from tools.chaos.client import DATA, GRACE, PAGE, Exchange
from tools.chaos.judging import Verdict, judged

WHOLE_PAGE = b"<!doctype html><html><p>A page</p></html>"


def answer(status, body=b"{}", *, seconds=0.1, wanted=DATA, method="GET", **more):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = wanted if wanted == DATA else f"{PAGE}; charset=utf-8"
    return Exchange(
        method, "/", wanted, 2.0, sent=100.0, ended=100.0 + seconds, status=status, content_type=kind, body=body, **more
    )  # fmt: skip


def refusal(status, reason):
    return answer(status, {"code": 9, "message": "No.", "details": [{"reason": reason}]})


def page(status, body=WHOLE_PAGE, **more):
    return answer(status, body, wanted=PAGE, **more)


def verdict(exchange, *refusals):
    return judged(exchange, refusals).verdict


@pytest.mark.parametrize("status", [200, 201])
def test_an_object_is_what_was_asked_for(status):
    assert verdict(answer(status, {"id": "1"})) is Verdict.WELL


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"<html></html>"])
def test_what_is_no_object_is_a_finding(body):
    assert verdict(answer(200, body)) is Verdict.FINDING


@pytest.mark.parametrize("status", [429, 503, 504])
def test_not_now_with_a_reason_is_a_clear_error(status):
    assert verdict(refusal(status, "UPSTREAM_UNAVAILABLE")) is Verdict.CLEAR_ERROR


@pytest.mark.parametrize(
    "body", [b"", b"no healthy upstream", {"code": 14}, {"details": []}, {"details": ["x"]}]
)
def test_an_error_without_a_reason_is_a_finding(body):
    assert verdict(answer(503, body)) is Verdict.FINDING


def test_a_refusal_that_is_deserved_is_right():
    assert verdict(refusal(400, "CARD_DECLINED"), "CARD_DECLINED") is Verdict.WELL


@pytest.mark.parametrize(
    ("status", "reason"), [(400, "CARD_DECLINED"), (401, "TOKEN_MISSING_OR_INVALID"), (404, "NOT_FOUND")]
)
def test_a_refusal_that_is_not_deserved_is_a_finding(status, reason):
    assert verdict(refusal(status, reason), "SOLD_OUT") is Verdict.FINDING


@pytest.mark.parametrize(("status", "reason"), [(500, "INTERNAL"), (503, "INTERNAL"), (500, "SOMETHING")])
def test_a_fault_of_the_market_s_own_is_a_finding(status, reason):
    assert verdict(refusal(status, reason), reason) is Verdict.FINDING


def test_no_answer_is_told_as_such():
    assert verdict(answer(0, b"", failure="ConnectionResetError")) is Verdict.UNANSWERED


def test_an_answer_that_breaks_off_is_told_as_such():
    assert verdict(answer(0, b"", failure="IncompleteRead", broke_off=True)) is Verdict.BROKE_OFF


def test_an_answer_after_the_gateway_s_own_time_is_late():
    assert verdict(answer(200, {"id": "1"}, seconds=2.0 + GRACE - 0.1)) is Verdict.WELL
    assert verdict(answer(200, {"id": "1"}, seconds=2.0 + GRACE + 0.1)) is Verdict.LATE


def test_a_finding_stays_one_however_late():
    assert verdict(refusal(500, "INTERNAL")) is Verdict.FINDING


@pytest.mark.parametrize("exchange", [page(200), page(303, b"", place="/orders/1"), page(400, method="POST")])
def test_a_page_a_new_place_and_a_form_that_is_refused_are_right(exchange):
    assert verdict(exchange) is Verdict.WELL


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
        page(303, b"", place="/sign-in?next=/basket"),
    ],
    ids=["500", "404", "400", "broken off", "signed out"],
)
def test_other_pages_are_findings(exchange):
    assert verdict(exchange) is Verdict.FINDING
