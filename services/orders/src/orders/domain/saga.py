"""The checkout saga: its steps, and what follows each outcome of a step.

Until `order.confirm`, a rejection starts the compensation. After it, every step leads forward. If the outcome of a step
is unknown, the step is retried with the same idempotency key until it is known. README.md has a diagram.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from orders.domain.orders import State


class Step(StrEnum):
    """A step of the saga. Journeys contain its value."""

    RESERVE = "stock.reserve"
    AUTHORIZE = "payment.authorize"
    COMMIT = "stock.commit"
    CONFIRM = "order.confirm"
    CAPTURE = "payment.capture"
    CLEAR_CART = "cart.clear"
    CANCEL_SHIPMENT = "shipment.cancel"
    CANCEL_PAYMENT = "payment.cancel"
    RELEASE = "stock.release"
    CANCEL = "order.cancel"


class Outcome(StrEnum):
    """How a step ended. Journeys contain its value."""

    DONE = "done"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


SERVICE: Mapping[Step, str] = MappingProxyType(
    {
        Step.RESERVE: "inventory",
        Step.AUTHORIZE: "payments",
        Step.COMMIT: "inventory",
        Step.CONFIRM: "orders",
        Step.CAPTURE: "payments",
        Step.CLEAR_CART: "cart",
        Step.CANCEL_SHIPMENT: "shipping",
        Step.CANCEL_PAYMENT: "payments",
        Step.RELEASE: "inventory",
        Step.CANCEL: "orders",
    }
)
FIRST = Step.RESERVE

# The next step of each final outcome; None ends the saga. An outcome that is not listed is not final: the step is
# retried. So a rejection is final only if the saga has a way to go on. A confirmed order, for example, must be paid: if
# payments rejects the capture, it is tried again.
TRANSITIONS: Mapping[tuple[Step, Outcome], Step | None] = MappingProxyType(
    {
        (Step.RESERVE, Outcome.DONE): Step.AUTHORIZE,
        # Nothing seems to be reserved, but an earlier try whose response was lost may still arrive and reserve stock.
        # The release makes inventory reject it.
        (Step.RESERVE, Outcome.REJECTED): Step.RELEASE,
        (Step.AUTHORIZE, Outcome.DONE): Step.COMMIT,
        (Step.AUTHORIZE, Outcome.REJECTED): Step.RELEASE,
        (Step.COMMIT, Outcome.DONE): Step.CONFIRM,
        (Step.COMMIT, Outcome.REJECTED): Step.CANCEL_PAYMENT,
        (Step.CONFIRM, Outcome.DONE): Step.CAPTURE,
        (Step.CAPTURE, Outcome.DONE): Step.CLEAR_CART,
        (Step.CLEAR_CART, Outcome.DONE): None,
        (Step.CANCEL_SHIPMENT, Outcome.DONE): Step.CANCEL_PAYMENT,
        (Step.CANCEL_SHIPMENT, Outcome.REJECTED): None,
        (Step.CANCEL_PAYMENT, Outcome.DONE): Step.RELEASE,
        (Step.RELEASE, Outcome.DONE): Step.CANCEL,
        (Step.CANCEL, Outcome.DONE): None,
    }
)
_NEW_STATE = {(Step.CONFIRM, Outcome.DONE): State.CONFIRMED, (Step.CANCEL, Outcome.DONE): State.CANCELLED}
_BEFORE_CONFIRMATION = {Step.RESERVE, Step.AUTHORIZE, Step.COMMIT, Step.CONFIRM}
_MIN_DELAY, _MAX_DELAY = 0.5, 30.0


@dataclass(frozen=True)
class Transition:
    """What follows the outcome of a step.

    If the outcome is not final, `next_step` is the same step: it is retried. None ends the saga. `state` is the new
    state of the order, or None if it does not change.
    """

    is_final: bool
    next_step: Step | None
    state: State | None = None


def transition(step: Step, outcome: Outcome) -> Transition:
    """Return what follows the outcome of a step."""
    key = (step, outcome)
    if key not in TRANSITIONS:
        return Transition(is_final=False, next_step=step)
    return Transition(is_final=True, next_step=TRANSITIONS[key], state=_NEW_STATE.get(key))


def compensation_on_cancel(state: State, next_step: Step | None) -> Step | None:
    """Return the step with which a cancellation starts, or None if it must wait until the current step has ended.

    An order that isn't confirmed has no shipment, so its compensation starts with the payment. An order that is being
    compensated continues with its next step.
    """
    if state is State.PENDING:
        return Step.CANCEL_PAYMENT if next_step in _BEFORE_CONFIRMATION else next_step
    return Step.CANCEL_SHIPMENT if next_step is None else None


def compensation_on_timeout(state: State, next_step: Step | None, is_rejected: bool) -> Step | None:
    """Return the step with which the compensation of an order starts that is PENDING for too long.

    Returns None if the order must go on instead: it is confirmed, or it was rejected and is being compensated already.
    """
    return compensation_on_cancel(state, next_step) if state is State.PENDING and not is_rejected else None


def retry_delay(attempts: int) -> float:
    """Return the seconds until the next try of a step: 0.5, 1, 2, 4 ... at most 30."""
    return float(min(_MIN_DELAY * 2 ** min(attempts, 10), _MAX_DELAY))
