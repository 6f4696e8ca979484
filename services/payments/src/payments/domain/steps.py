"""The state machine: the next request to the bank, and the states that its outcome can lead to."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from payments.domain.payments import Payment, PaymentNotAuthorized, PaymentVoided, State, decline


class Goal(StrEnum):
    """What a caller wants to achieve with a payment."""

    AUTHORIZE = "authorize"
    CAPTURE = "capture"
    CANCEL = "cancel"


class Step(StrEnum):
    """A request to the bank."""

    AUTHORIZE = "authorize"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"

    def key(self, order_id: str) -> str:
        """Return the idempotency key. It is the same for each try of this step, so that the bank does it once."""
        return f"{order_id}:{self}"


@dataclass(frozen=True)
class Outcome:
    """The bank's answer: the payment's state at the bank, the bank's ID for it, and why it was declined."""

    state: State
    bank_reference: str
    decline_reason: str = ""


class OutcomeImpossible(Exception):
    """The bank reports a state that cannot follow. This is a bug, and nothing is recorded."""


# A payment is voided only after its outcome is known. A PENDING payment is authorized first, even to cancel it: this
# uses up the idempotency key, so that a delayed request that reaches the bank later cannot hold money again.
_STEPS: Mapping[tuple[Goal, State], Step] = MappingProxyType(
    {
        (Goal.AUTHORIZE, State.PENDING): Step.AUTHORIZE,
        (Goal.CAPTURE, State.AUTHORIZED): Step.CAPTURE,
        (Goal.CANCEL, State.PENDING): Step.AUTHORIZE,
        (Goal.CANCEL, State.AUTHORIZED): Step.VOID,
        (Goal.CANCEL, State.CAPTURED): Step.REFUND,
    }
)
_REACHED: Mapping[Goal, frozenset[State]] = MappingProxyType(
    {
        Goal.AUTHORIZE: frozenset({State.AUTHORIZED, State.CAPTURED}),
        Goal.CAPTURE: frozenset({State.CAPTURED}),
        Goal.CANCEL: frozenset({State.DECLINED, State.VOIDED, State.REFUNDED}),
    }
)
# The outcome of a step can be a state further ahead, if another process was faster.
_POSSIBLE: Mapping[State, frozenset[State]] = MappingProxyType(
    {
        State.PENDING: frozenset(State) - {State.PENDING},
        State.AUTHORIZED: frozenset({State.CAPTURED, State.VOIDED, State.REFUNDED}),
        State.CAPTURED: frozenset({State.REFUNDED}),
        State.DECLINED: frozenset(),
        State.VOIDED: frozenset(),
        State.REFUNDED: frozenset(),
    }
)


def next_step(payment: Payment, goal: Goal) -> Step | None:
    """Return the next request to the bank on the way to the goal, or None if the goal is reached.

    If the goal cannot be reached, raises PaymentVoided, PaymentNotAuthorized, or the exception for the reason of the
    decline.
    """
    if payment.state in _REACHED[goal]:
        return None
    if step := _STEPS.get((goal, payment.state)):
        return step
    if goal is Goal.CAPTURE:
        raise PaymentNotAuthorized(f"There is no money to capture: the payment is {payment.state}.")
    if payment.state is State.DECLINED:
        raise decline(payment.decline_reason)
    raise PaymentVoided("The order was canceled and cannot be paid any more.")


def check_outcome(payment: Payment, outcome: Outcome) -> None:
    """Raises OutcomeImpossible if a payment in this state cannot have this outcome."""
    if outcome.state not in _POSSIBLE[payment.state]:
        raise OutcomeImpossible(f"a payment in state {payment.state} cannot become {outcome.state}")
