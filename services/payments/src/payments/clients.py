"""The HTTP client of the bank. Each step has an idempotency key; the client looks up a lost response by it, once."""

import json
import time
from collections.abc import Mapping
from typing import Any

from requests import Request, RequestException
from requests.adapters import HTTPAdapter

from chassis import context, money, telemetry
from chassis.errors import Unavailable
from payments.domain.payments import UNKNOWN_CARD, Payment, State
from payments.domain.steps import Outcome, Step
from payments.metrics import BANK_REQUESTS, PAYMENTS

_MAX_SECONDS = 5.0
# The share of the remaining time that is for the request. The rest is for looking up a lost response.
_REQUEST_SHARE = 0.7
_CONNECTIONS = 16  # one for each thread of the gRPC server
_DECLINED = ("CARD_DECLINED", "INSUFFICIENT_FUNDS")
_OTHER_STATE = ("AUTHORIZATION_NOT_OPEN", "AUTHORIZATION_NOT_CAPTURED")


class _NoResponse(Exception):
    """There is no response, or none that reveals the outcome."""


class BankClient:
    """Sends requests to the bank at `url`. It is safe for use by several threads."""

    def __init__(self, url: str, api_key: str) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {api_key}", "User-Agent": "night-market"}
        # The adapter is the connection pool. A Session around it would spend a third of the CPU time of a request
        # on cookies, proxies and settings, of which there are none.
        self._adapter = HTTPAdapter(pool_connections=1, pool_maxsize=_CONNECTIONS)

    def close(self) -> None:
        """Close all connections."""
        self._adapter.close()

    def do(self, step: Step, payment: Payment) -> Outcome:
        """Request the step and return its outcome. If the response is lost, look the outcome up.

        Takes at most the time that the current call has left, or five seconds if it has no deadline. Raises
        Unavailable (BANK_UNAVAILABLE) if the outcome stays unknown.
        """
        key = step.key(payment.order_id)
        try:
            return self._request(step, payment, key)
        except _NoResponse:
            return self._look_up(step, key)

    def _request(self, step: Step, payment: Payment, key: str) -> Outcome:
        seconds = context.current().time_remaining(_MAX_SECONDS) * _REQUEST_SHARE
        path, body = _path_and_body(step, payment)
        request = Request("POST", self._url + path, headers={"Idempotency-Key": key}, json=body)
        status, content = self._send(step, request, seconds)
        return _outcome(status, _json_object(status, content))

    def _look_up(self, step: Step, key: str) -> Outcome:
        seconds = context.current().time_remaining(_MAX_SECONDS * (1 - _REQUEST_SHARE))
        request = Request("GET", f"{self._url}/v1/authorizations", params={"idempotencyKey": key})
        try:
            found = _json_object(*self._send(step, request, seconds)).get("authorizations")
        except _NoResponse:
            found = None
        if not found:
            # An unknown key does not prove that the bank has done nothing: the request may still arrive.
            PAYMENTS.labels("unknown").inc()
            raise Unavailable("BANK_UNAVAILABLE", "The bank does not answer. Try again.")
        return _recorded(found[0])

    def _send(self, step: Step, request: Request, seconds: float) -> tuple[int, bytes]:
        started, status = time.perf_counter(), 0
        attributes = {
            "http.request.method": request.method,
            "server.address": "bank",
            "market.bank.step": step,
        }
        with telemetry.span(f"bank {step}", telemetry.CLIENT, attributes) as span:
            request.headers = {**self._headers, **request.headers, **_passed_on()}
            try:
                response = self._adapter.send(request.prepare(), timeout=seconds)
                status, content = response.status_code, response.content
                if status >= 500:
                    telemetry.mark_failed(span, str(status))
            except RequestException as error:
                telemetry.mark_failed(span, type(error).__name__)
                raise _NoResponse from error
            finally:
                BANK_REQUESTS.labels(step, status).observe(time.perf_counter() - started)
        return status, content


def _passed_on() -> dict[str, str]:
    # The bank is an external service, so it does not get the buyer's account.
    return {
        name: value.strip()
        for name, value in context.current().propagated_headers()
        if name in (context.TRACEPARENT, context.REQUEST_ID)
    }


def _path_and_body(step: Step, payment: Payment) -> tuple[str, Mapping[str, object] | None]:
    if step is not Step.AUTHORIZE:
        return f"/v1/authorizations/{payment.bank_reference}/{step}", None
    return "/v1/authorizations", {
        "amountCents": payment.amount_cents,
        "currency": money.CURRENCY,
        "token": payment.token,
        "reference": payment.order_id,
    }


def _json_object(status: int, content: bytes) -> dict[str, Any]:
    if status >= 500:
        raise _NoResponse
    try:
        found = json.loads(content)
    except ValueError as error:
        raise _NoResponse from error
    if not isinstance(found, dict):
        raise _NoResponse
    return found


def _outcome(status: int, response: dict[str, Any]) -> Outcome:
    if status < 300:
        return _recorded(response)
    info = (response.get("details") or [{}])[0]
    reason, metadata = info.get("reason", ""), info.get("metadata", {})
    if reason in _DECLINED:
        return Outcome(State.DECLINED, metadata["authorizationId"], reason)
    if reason == "TOKEN_UNKNOWN":
        return Outcome(State.DECLINED, "", UNKNOWN_CARD)
    if reason in _OTHER_STATE:
        return Outcome(State(metadata["state"]), metadata["authorizationId"])
    raise RuntimeError(f"the bank rejected the request: {status} {reason}")


def _recorded(authorization: dict[str, Any]) -> Outcome:
    return Outcome(State(authorization["state"]), authorization["id"], authorization["declineReason"])
