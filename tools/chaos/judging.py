"""What an answer is worth: right, a clear error, none, or a finding."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tools.chaos.client import GRACE, PAGE, Exchange

_LATER = (429, 503, 504)  # the statuses that say: not now
_INTERNAL = "INTERNAL"


class Verdict(StrEnum):
    """What an answer is worth."""

    WELL = "well"  # what was asked for, or the refusal that it deserves
    CLEAR_ERROR = "clear error"  # says that it cannot be done now, and why
    UNANSWERED = "unanswered"  # fine where the gateway itself is the victim, else a finding
    LATE = "late"  # the same
    BROKE_OFF = "broke off"  # fine where who answers, or the gateway's way there, is the victim as well
    FINDING = "finding"


@dataclass(frozen=True)
class Judgement:
    """A verdict, and for a finding what is wrong."""

    verdict: Verdict
    trouble: str = ""


def judged(exchange: Exchange, refusals: Collection[str] = ()) -> Judgement:
    """What the answer is worth, where a refusal with one of these reasons would be right."""
    if not exchange.status:
        verdict = Verdict.BROKE_OFF if exchange.broke_off else Verdict.UNANSWERED
        return Judgement(verdict, f"no answer ({exchange.failure})")
    found = _page(exchange) if exchange.wanted == PAGE else _answer(exchange, refusals)
    if found.verdict is not Verdict.FINDING and exchange.seconds > exchange.timeout + GRACE:
        return Judgement(Verdict.LATE, "an answer that comes too late")
    return found


def content(exchange: Exchange) -> dict[str, Any]:
    """The JSON object of an answer; an empty one where it is none."""
    try:
        found = json.loads(exchange.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def reason(exchange: Exchange) -> str:
    """The reason that a google.rpc.Status gives; empty where there is none."""
    details = content(exchange).get("details")
    first = details[0] if isinstance(details, list) and details else {}
    return str(first.get("reason", "")) if isinstance(first, dict) else ""


def _answer(exchange: Exchange, refusals: Collection[str]) -> Judgement:
    if exchange.status < 300:
        return Judgement(Verdict.WELL) if content(exchange) else _finding(exchange, "no JSON object")
    given = reason(exchange)
    if not given:
        return _finding(exchange, "an error without a reason")
    if exchange.status == 500 or given == _INTERNAL:
        return _finding(exchange, "a fault of the market's own")
    if given in refusals:
        return Judgement(Verdict.WELL)
    if exchange.status in _LATER:
        return Judgement(Verdict.CLEAR_ERROR)
    return _finding(exchange, "a refusal that is not deserved")


def _page(exchange: Exchange) -> Judgement:
    is_whole = b"</html>" in exchange.body or exchange.status == 303
    if not exchange.content_type.startswith(PAGE) or not is_whole:
        return _finding(exchange, "no whole page")
    if exchange.status in _LATER:
        return Judgement(Verdict.CLEAR_ERROR)
    sends_away = exchange.status == 303 and not exchange.place.startswith("/sign-in")
    refuses_a_form = exchange.status == 400 and exchange.method == "POST"
    if exchange.status == 200 or sends_away or refuses_a_form:
        return Judgement(Verdict.WELL)
    return _finding(exchange, "a page that should not be")


def _finding(exchange: Exchange, trouble: str) -> Judgement:
    said = reason(exchange)
    return Judgement(Verdict.FINDING, f"{trouble} ({exchange.status}{' ' if said else ''}{said})")
