"""The checkout saga: which step follows on which outcome.

Up to `order.confirm` a rejection leads back (compensation); after it everything leads forward. A step whose outcome
is unknown is tried again, with the same idempotency key, until it is known. README.md has the picture.
"""

from dataclasses import dataclass
from enum import StrEnum

from orders.domain.orders import State


class Step(StrEnum):
    """What can be done for an order; the values stand in journeys."""

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
    """How a step ended; the values stand in journeys."""

    DONE = "done"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


SERVICE = {
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
FIRST = Step.RESERVE

# A step that is not listed under REJECTED cannot be refused for good: it is tried again.
_AFTER: dict[tuple[Step, Outcome], Step | None] = {
    (Step.RESERVE, Outcome.DONE): Step.AUTHORIZE,
    # A first try, still on its way, could keep pieces after a second one was refused.
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
_BEFORE_CONFIRMATION = {Step.RESERVE, Step.AUTHORIZE, Step.COMMIT, Step.CONFIRM}
_STATE_AFTER = {Step.CONFIRM: State.CONFIRMED, Step.CANCEL: State.CANCELLED}
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0


@dataclass(frozen=True)
class Move:
    """What follows: the next step (None: nothing) and the state from now on (None: as it was)."""

    next_step: Step | None
    state: State | None = None


def after(step: Step, outcome: Outcome) -> Move:
    """What follows on a step; an outcome that a step cannot have for good means "try it again"."""
    if (step, outcome) not in _AFTER:
        return Move(step)
    state = _STATE_AFTER.get(step) if outcome is Outcome.DONE else None
    return Move(_AFTER[step, outcome], state)


def settles(step: Step, outcome: Outcome) -> bool:
    """Whether the saga goes on after this outcome; else the step is tried again later."""
    return (step, outcome) in _AFTER


def cancelling(state: State, next_step: Step | None) -> Step | None:
    """The step with which cancelling begins; None where it must wait for the step that is being tried.

    An order that isn't confirmed yet has no parcel: the way back begins with the payment.
    """
    if state is State.PENDING:
        return Step.CANCEL_PAYMENT if next_step in _BEFORE_CONFIRMATION else next_step
    return Step.CANCEL_SHIPMENT if next_step is None else None


def giving_up(state: State, next_step: Step | None, is_rejected: bool) -> Step | None:
    """The step with which an order that took too long is given up.

    None where it must be driven on instead: it is confirmed, or has a rejection and is on its way back already.
    """
    return cancelling(state, next_step) if state is State.PENDING and not is_rejected else None


def pause(attempts: int) -> float:
    """Seconds until a step is tried again, after so many attempts: 0.5, 1, 2, 4 ... at most 30."""
    return float(min(_FIRST_PAUSE * 2 ** min(attempts, 10), _LONGEST_PAUSE))


def transitions() -> list[tuple[Step, Outcome, Step | None]]:
    """Every transition, for the picture in README.md."""
    return [(step, outcome, following) for (step, outcome), following in _AFTER.items()]
