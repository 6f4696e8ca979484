"""The bank, over HTTP: each step is asked for under its key; a lost answer is looked up by that key, once."""

import json
import time
from collections.abc import Mapping
from typing import Any

from requests import Request, RequestException
from requests.adapters import HTTPAdapter

from chassis import call, money, telemetry
from chassis.errors import Unavailable
from payments.domain.payments import UNKNOWN_CARD, Payment, State
from payments.domain.steps import Outcome, Step
from payments.metrics import BANK_REQUESTS, PAYMENTS

_LONGEST_SECONDS = 5.0
# Of the time that is left, this much is for the question; the rest is for looking up an answer that was lost.
_SHARE_OF_THE_QUESTION = 0.7
_CONNECTIONS = 16  # as many as the server has threads
_DECLINED = ("CARD_DECLINED", "INSUFFICIENT_FUNDS")
_OTHER_STATE = ("AUTHORIZATION_NOT_OPEN", "AUTHORIZATION_NOT_CAPTURED")


class _Silence(Exception):
    """No answer that says anything about the outcome."""


class BankClient:
    """Asks the bank at `url`. Every method may be called by several threads at once."""

    def __init__(self, url: str, api_key: str) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {api_key}", "User-Agent": "night-market"}
        # The adapter is the pool of connections. A Session around it would look for cookies, proxies and
        # settings to merge, which aren't there, for a third of the CPU time of a request.
        self._adapter = HTTPAdapter(pool_connections=1, pool_maxsize=_CONNECTIONS)

    def close(self) -> None:
        """Closes all connections."""
        self._adapter.close()

    def do(self, step: Step, payment: Payment) -> Outcome:
        """Does the step, and looks up its outcome where the answer is lost.

        Keeps to the deadline of the call being answered, or takes at most five seconds where there is none.
        Raises Unavailable (BANK_UNAVAILABLE) where the outcome stays unknown.
        """
        key = step.key(payment.order_id)
        try:
            return self._ask(step, payment, key)
        except _Silence:
            return self._looked_up(step, key)

    def _ask(self, step: Step, payment: Payment, key: str) -> Outcome:
        seconds = call.current().seconds_left(_LONGEST_SECONDS) * _SHARE_OF_THE_QUESTION
        path, body = _question(step, payment)
        question = Request("POST", self._url + path, headers={"Idempotency-Key": key}, json=body)
        status, content = self._answer(step, question, seconds)
        return _outcome(status, _object(status, content))

    def _looked_up(self, step: Step, key: str) -> Outcome:
        seconds = call.current().seconds_left(_LONGEST_SECONDS * (1 - _SHARE_OF_THE_QUESTION))
        question = Request("GET", f"{self._url}/v1/authorizations", params={"idempotencyKey": key})
        try:
            found = _object(*self._answer(step, question, seconds)).get("authorizations")
        except _Silence:
            found = None
        if not found:
            # A bank that does not know the key proves nothing: the request may still be on its way.
            PAYMENTS.labels("unknown").inc()
            raise Unavailable("BANK_UNAVAILABLE", "The bank does not answer. Try again.")
        return _recorded(found[0])

    def _answer(self, step: Step, question: Request, seconds: float) -> tuple[int, bytes]:
        started, status = time.perf_counter(), 0
        attributes = {
            "http.request.method": question.method,
            "server.address": "bank",
            "market.bank.step": step,
        }
        with telemetry.span(f"bank {step}", telemetry.CLIENT, attributes) as span:
            question.headers = {**self._headers, **question.headers, **_passed_on()}
            try:
                response = self._adapter.send(question.prepare(), timeout=seconds)
                status, content = response.status_code, response.content
                if status >= 500:
                    telemetry.failed(span, str(status))
            except RequestException as error:
                telemetry.failed(span, type(error).__name__)
                raise _Silence from error
            finally:
                BANK_REQUESTS.labels(step, status).observe(time.perf_counter() - started)
        return status, content


def _passed_on() -> dict[str, str]:
    # The bank is not of the market: it is not told whose order it is.
    return {
        name: value.strip()
        for name, value in call.current().passed_on()
        if name in (call.TRACEPARENT, call.REQUEST_ID)
    }


def _question(step: Step, payment: Payment) -> tuple[str, Mapping[str, object] | None]:
    if step is not Step.AUTHORIZE:
        return f"/v1/authorizations/{payment.bank_reference}/{step}", None
    return "/v1/authorizations", {
        "amountCents": payment.amount_cents,
        "currency": money.CURRENCY,
        "token": payment.token,
        "reference": payment.order_id,
    }


def _object(status: int, content: bytes) -> dict[str, Any]:
    if status >= 500:
        raise _Silence
    try:
        found = json.loads(content)
    except ValueError as error:
        raise _Silence from error
    if not isinstance(found, dict):
        raise _Silence
    return found


def _outcome(status: int, answer: dict[str, Any]) -> Outcome:
    if status < 300:
        return _recorded(answer)
    info = (answer.get("details") or [{}])[0]
    reason, metadata = info.get("reason", ""), info.get("metadata", {})
    if reason in _DECLINED:
        return Outcome(State.DECLINED, metadata["authorizationId"], reason)
    if reason == "TOKEN_UNKNOWN":
        return Outcome(State.DECLINED, "", UNKNOWN_CARD)
    if reason in _OTHER_STATE:
        return Outcome(State(metadata["state"]), metadata["authorizationId"])
    raise RuntimeError(f"the bank does not take the market's request: {status} {reason}")


def _recorded(authorization: dict[str, Any]) -> Outcome:
    return Outcome(State(authorization["state"]), authorization["id"], authorization["declineReason"])
