"""Classify a response: is it correct, a clear error, missing, or a violation?"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from tools.chaos.exchanges import GRACE, HTML, Exchange
from tools.chaos.schedule import Fault, Kind

_TRY_LATER = (429, 503, 504)


class Verdict(StrEnum):
    """How a response is classified."""

    OK = "ok"  # the requested result, or a correct rejection
    CLEAR_ERROR = "clear error"  # the request cannot be served now, and the response says why
    NO_RESPONSE = "no response"  # none, a late or a truncated one, but an active fault explains it
    VIOLATION = "violation"


def classify(exchange: Exchange, faults: Sequence[Fault]) -> tuple[Verdict, str]:
    """Return the verdict, and what is wrong if it is `NO_RESPONSE` or `VIOLATION`.

    ``faults`` are those that were active during the exchange. A missing or late response is a violation unless one of
    them hits the gateway itself. A truncated one may also be due to its sender, or to the gateway's connection to it:
    a gateway cannot take back what it has sent.
    """
    gateway_is_hit = any(fault.target == "gateway" for fault in faults)
    if not exchange.status:
        sender_is_hit = any(
            fault.target.startswith("gateway") or fault.kind in (Kind.KILL, Kind.PAUSE) for fault in faults
        )
        is_excused = sender_is_hit if exchange.is_truncated else gateway_is_hit
        return _missing(is_excused, f"no response ({exchange.failure})")
    verdict, problem = _page(exchange) if exchange.accept == HTML else _json(exchange)
    if verdict is not Verdict.VIOLATION and exchange.ended - exchange.sent > exchange.timeout + GRACE:
        return _missing(gateway_is_hit, "late response")
    status = f"{exchange.status} {exchange.reason}".rstrip()
    return verdict, problem and f"{problem} ({status})"


def _missing(is_excused: bool, problem: str) -> tuple[Verdict, str]:
    return Verdict.NO_RESPONSE if is_excused else Verdict.VIOLATION, problem


def _json(exchange: Exchange) -> tuple[Verdict, str]:
    if exchange.is_success:
        return (Verdict.OK, "") if exchange.content else (Verdict.VIOLATION, "no JSON object")
    if not exchange.reason:
        return Verdict.VIOLATION, "error without a reason"
    if exchange.status == 500 or exchange.reason == "INTERNAL":
        return Verdict.VIOLATION, "internal error"
    if exchange.reason in exchange.rejections:
        return Verdict.OK, ""
    if exchange.status in _TRY_LATER:
        return Verdict.CLEAR_ERROR, ""
    return Verdict.VIOLATION, "wrong rejection"


def _page(exchange: Exchange) -> tuple[Verdict, str]:
    is_complete = b"</html>" in exchange.body or exchange.status == 303
    if not exchange.headers.get("Content-Type", "").startswith(HTML) or not is_complete:
        return Verdict.VIOLATION, "incomplete page"
    if exchange.status in _TRY_LATER:
        return Verdict.CLEAR_ERROR, ""
    is_redirect = exchange.status == 303 and not exchange.location.startswith("/sign-in")
    is_rejected_form = exchange.status == 400 and exchange.method == "POST"
    if exchange.status == 200 or is_redirect or is_rejected_form:
        return Verdict.OK, ""
    return Verdict.VIOLATION, "unexpected page"
