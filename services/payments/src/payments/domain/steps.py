"""The state machine: what to ask the bank for next, and where its answer leads."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from payments.domain.payments import Payment, PaymentNotAuthorized, PaymentVoided, State, decline


class Goal(StrEnum):
    """What the market wants of a payment."""

    AUTHORIZE = "authorize"
    CAPTURE = "capture"
    CANCEL = "cancel"


class Step(StrEnum):
    """What the bank can be asked for."""

    AUTHORIZE = "authorize"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"

    def key(self, order_id: str) -> str:
        """The idempotency key: the same whenever this step is asked for, so that the bank takes it once."""
        return f"{order_id}:{self}"


@dataclass(frozen=True)
class Outcome:
    """What the bank has made of it: the state of the payment there, its name for it, and why it refused."""

    state: State
    bank_reference: str
    decline_reason: str = ""


class BankContradictsItself(Exception):
    """An outcome that can't follow: somebody has made a mistake, and nothing may be recorded."""


# A payment is cancelled only when its outcome is known. One that is PENDING is asked for again first: that
# uses up its key, so that a request still on its way to the bank can't hold money after the cancellation.
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
_LATER: Mapping[State, frozenset[State]] = MappingProxyType(
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
    """What to ask the bank for to come nearer to the goal; None where it is reached.

    Where it can't be reached any more: raises PaymentVoided, PaymentNotAuthorized, or the reason for which
    the bank has declined.
    """
    if payment.state in _REACHED[goal]:
        return None
    if step := _STEPS.get((goal, payment.state)):
        return step
    if goal is Goal.CAPTURE:
        raise PaymentNotAuthorized(f"There is no money to take: the payment is {payment.state}.")
    if payment.state is State.DECLINED:
        raise decline(payment.decline_reason)
    raise PaymentVoided("The order was cancelled: it can't be paid any more.")


def check_follows(payment: Payment, outcome: Outcome) -> None:
    """Raises BankContradictsItself where a payment can't go from its state to this outcome."""
    if outcome.state not in _LATER[payment.state]:
        raise BankContradictsItself(f"a payment that is {payment.state} can't become {outcome.state}")
