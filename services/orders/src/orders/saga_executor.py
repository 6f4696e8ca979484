"""The saga executor: tries a step, records its outcome together with the start of the next step, and goes on.

Why no crash loses an order: a step is on record before it is tried, so after a crash the sweeper finds the order and
tries the same step again. Every step is safe to repeat, because it carries the order's ID as its idempotency key.

Why two workers do no harm: an executor works under a lease, and every write names that lease. If an executor hangs and
continues after its lease went to another worker, its write fails, and the order does not change.
"""

import logging
import time
from collections.abc import Callable, Mapping

from chassis import money
from chassis.errors import AppError, Unavailable
from orders import events
from orders.clients import Clients
from orders.domain.orders import Order, Rejection, State
from orders.domain.saga import Outcome, Step, retry_delay, transition
from orders.metrics import ORDERS, STEPS
from orders.store import Entry, LeaseLost, Store

log = logging.getLogger(__name__)


class SagaExecutor:
    """Executes the sagas of orders whose lease the caller holds. `notify` is called if there is an event to send."""

    def __init__(self, store: Store, clients: Clients, notify: Callable[[], None]) -> None:
        self._store = store
        self._notify = notify
        self._remote: Mapping[Step, Callable[[Order], None]] = {
            Step.RESERVE: clients.reserve,
            Step.AUTHORIZE: clients.authorize,
            Step.COMMIT: clients.commit,
            Step.CAPTURE: clients.capture,
            Step.CLEAR_CART: clients.clear_cart,
            Step.CANCEL_SHIPMENT: clients.cancel_shipment,
            Step.CANCEL_PAYMENT: clients.cancel_payment,
            Step.RELEASE: clients.release,
        }

    def run(self, order: Order, deadline: float | None = None) -> Order:
        """Execute steps until none is left, a step must be retried later, or the deadline (time.monotonic) has passed.

        Returns the order in its new state. A step that fails raises nothing: the sweeper retries it.
        """
        try:
            while order.next_step is not None:
                step = Step(order.next_step)
                if deadline is not None and time.monotonic() >= deadline:
                    # The request has no time left, but the order is fine: the sweeper may take it over at once.
                    return self._retry_later(order, step, "out of time", 0.0)
                moved = self._execute(order, step)
                if moved.next_step == step:
                    return moved
                order = moved
        except LeaseLost:
            log.warning("order lease lost to another worker", extra={"order_id": order.id})
        return order

    def _execute(self, order: Order, step: Step) -> Order:
        if step in (Step.CONFIRM, Step.CANCEL):
            return self._change_state(order, step)
        outcome, rejection = self._call(order, step)
        STEPS.labels(step, outcome).inc()
        detail = rejection.message if rejection else ""
        following = transition(step, outcome)
        if not following.is_final:
            return self._retry_later(order, step, detail, retry_delay(order.attempts))
        # The first rejection is the reason of the cancellation; a later one does not replace it. A cancellation by the
        # buyer is on record before its first step. If the shipment has left, the order is not canceled after all.
        is_reason = order.rejection is None and step is not Step.CANCEL_SHIPMENT
        entry = Entry(step, outcome, detail or _amount(step, order))
        return self._store.record(order, entry, following.next_step, rejection if is_reason else None)

    def _call(self, order: Order, step: Step) -> tuple[Outcome, Rejection | None]:
        fields = {"order_id": order.id, "step": step}
        try:
            self._remote[step](order)
            return Outcome.DONE, None
        except Unavailable as error:
            # No response proves nothing: the service may have done the step, or may still do it.
            log.warning("saga step outcome unknown", extra={**fields, "reason": error.reason})
            return Outcome.UNKNOWN, _rejection(error)
        except AppError as error:
            log.info("saga step rejected", extra={**fields, "reason": error.reason})
            return Outcome.REJECTED, _rejection(error)

    def _change_state(self, order: Order, step: Step) -> Order:
        # These steps are local: one transaction writes the state, the journey and the event to the outbox. So there is
        # an event if and only if the state has changed.
        following = transition(step, Outcome.DONE)
        state = following.state or order.state
        event = events.order_confirmed(order) if step is Step.CONFIRM else events.order_canceled(order)
        changed = self._store.change_state(order, step, state, following.next_step, event)
        ORDERS.labels(
            state, order.rejection.reason if order.rejection and state is State.CANCELLED else ""
        ).inc()
        self._notify()
        return changed

    def _retry_later(self, order: Order, step: Step, detail: str, seconds: float) -> Order:
        return self._store.retry_later(order, Entry(step, Outcome.UNKNOWN, detail), seconds)


def _rejection(error: AppError) -> Rejection:
    return Rejection(error.code.number, error.reason, error.message, error.metadata)


def _amount(step: Step, order: Order) -> str:
    if step in (Step.AUTHORIZE, Step.CAPTURE, Step.CANCEL_PAYMENT):
        return money.text(order.total_cents)
    return ""
