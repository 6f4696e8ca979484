"""A bank and records in memory, for the cashier's rules; the bank may fail before or after a step is done."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from payments.domain.payments import Payment, State, Wanted
from payments.domain.steps import Outcome, Step

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


class NoAnswer(Exception):
    """The outcome is unknown."""


@dataclass
class FakeBank:
    """Does each step of an order once, as the real one does, and keeps the books."""

    faults: Iterator[str] = field(default_factory=lambda: iter(()))
    declines: str = ""
    asked: list[Step] = field(default_factory=list)
    done: dict[Step, State] = field(default_factory=dict)
    state: State | None = None
    on_the_way: Callable[[], object] = lambda: None
    on_the_way_back: Callable[[], object] = lambda: None

    def do(self, step: Step, payment: Payment) -> Outcome:
        self.asked.append(step)
        fault = next(self.faults, "")
        self._happens("on_the_way")
        if fault == "before":
            raise NoAnswer
        outcome = self._outcome(step)
        self._happens("on_the_way_back")
        if fault == "after":
            raise NoAnswer
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

    def _happens(self, when: str) -> None:
        happening: Callable[[], object] = getattr(self, when)
        setattr(self, when, lambda: None)
        happening()


@dataclass
class FakeRecords:
    """One table in memory."""

    kept: dict[str, Payment] = field(default_factory=dict)

    def find(self, order_id: str) -> Payment | None:
        return self.kept.get(order_id)

    def add(self, wanted: Wanted) -> Payment | None:
        return self._add(wanted.order_id, State.PENDING, wanted.amount_cents, wanted.token)

    def add_voided(self, order_id: str) -> Payment | None:
        return self._add(order_id, State.VOIDED, None, "")

    def change(self, payment: Payment, outcome: Outcome) -> Payment:
        found = self.kept[payment.order_id]
        if found.state is payment.state:
            self.kept[payment.order_id] = replace(
                found,
                state=outcome.state,
                bank_reference=outcome.bank_reference,
                decline_reason=outcome.decline_reason,
            )
        return self.kept[payment.order_id]

    def _add(self, order_id: str, state: State, cents: int | None, token: str) -> Payment | None:
        if order_id in self.kept:
            return None
        self.kept[order_id] = Payment(order_id, state, cents, token, "", "", datetime.now(UTC))
        return self.kept[order_id]
