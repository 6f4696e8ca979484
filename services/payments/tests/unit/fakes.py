"""A bank and a store in memory. The bank can fail before or after it has done a step."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from payments.clients import BankClient
from payments.domain.payments import Payment, PaymentRequest, State
from payments.domain.steps import Outcome, Step
from payments.store import Store

AFTER = {
    Step.AUTHORIZE: State.AUTHORIZED,
    Step.CAPTURE: State.CAPTURED,
    Step.VOID: State.VOIDED,
    Step.REFUND: State.REFUNDED,
}
BEFORE = {
    Step.CAPTURE: State.AUTHORIZED,
    Step.VOID: State.AUTHORIZED,
    Step.REFUND: State.CAPTURED,
}


class NoResponse(Exception):
    """The outcome is unknown."""


@dataclass
class FakeBank(BankClient):
    """Does each step of an order once, as the real bank does."""

    faults: Iterator[str] = field(default_factory=lambda: iter(()))
    declines: str = ""
    requests: list[Step] = field(default_factory=list)
    done: dict[Step, State] = field(default_factory=dict)
    state: State | None = None
    before_request: Callable[[], object] = lambda: None
    before_response: Callable[[], object] = lambda: None

    def do(self, step: Step, payment: Payment) -> Outcome:
        self.requests.append(step)
        fault = next(self.faults, "")
        self._call_once("before_request")
        if fault == "before":
            raise NoResponse
        outcome = self._outcome(step)
        self._call_once("before_response")
        if fault == "after":
            raise NoResponse
        return outcome

    @property
    def holds_or_has_money(self) -> bool:
        return self.state in (State.AUTHORIZED, State.CAPTURED)

    def _outcome(self, step: Step) -> Outcome:
        if step is Step.AUTHORIZE and self.declines:
            return Outcome(State.DECLINED, "auth_1", self.declines)
        if step not in self.done:
            if self.state is not BEFORE.get(step):
                return Outcome(self.state or State.PENDING, "auth_1")
            self.state = self.done[step] = AFTER[step]
        return Outcome(self.done[step], "auth_1")

    def _call_once(self, hook: str) -> None:
        callback: Callable[[], object] = getattr(self, hook)
        setattr(self, hook, lambda: None)
        callback()


@dataclass
class FakeStore(Store):
    """The table of payments in memory."""

    payments: dict[str, Payment] = field(default_factory=dict)

    def find(self, order_id: str) -> Payment | None:
        return self.payments.get(order_id)

    def add(self, request: PaymentRequest) -> Payment | None:
        return self._add(request.order_id, State.PENDING, request.amount_cents, request.token)

    def add_voided(self, order_id: str) -> Payment | None:
        return self._add(order_id, State.VOIDED, None, "")

    def change(self, payment: Payment, outcome: Outcome) -> Payment:
        found = self.payments[payment.order_id]
        if found.state is payment.state:
            self.payments[payment.order_id] = replace(
                found,
                state=outcome.state,
                bank_reference=outcome.bank_reference,
                decline_reason=outcome.decline_reason,
            )
        return self.payments[payment.order_id]

    def _add(self, order_id: str, state: State, cents: int | None, token: str) -> Payment | None:
        if order_id in self.payments:
            return None
        self.payments[order_id] = Payment(order_id, state, cents, token, "", "", datetime.now(UTC))
        return self.payments[order_id]
