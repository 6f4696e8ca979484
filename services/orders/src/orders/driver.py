"""Drives an order along its saga: tries a step, records the outcome with the start of the next, goes on.

A driver holds the order's lease. One that dies loses it, and the sweeper goes on where it stopped: every step may
be tried again, since all carry the order's id as their idempotency key.
"""

import logging
import time
from collections.abc import Callable, Mapping

from prometheus_client import Counter

from chassis import money
from chassis.errors import AppError, Unavailable
from orders import events
from orders.clients import Clients
from orders.domain.orders import Order, Rejection, State
from orders.domain.saga import Outcome, Step, after, pause, settles
from orders.store import LeaseLost, Store

log = logging.getLogger(__name__)
ORDERS = Counter("market_orders_total", "Orders that reached a state.", ["state", "reason"])
STEPS = Counter("market_saga_steps_total", "Steps of the checkout saga.", ["step", "outcome"])


class Driver:
    """Drives orders that the caller holds the lease of; `announce` is called when there is an event to send."""

    def __init__(self, store: Store, clients: Clients, announce: Callable[[], None]) -> None:
        self._store = store
        self._announce = announce
        self._remote: Mapping[Step, Callable[[Order], None]] = {
            Step.RESERVE: clients.reserve,
            Step.AUTHORIZE: clients.authorize,
            Step.COMMIT: clients.commit,
            Step.CAPTURE: clients.capture,
            Step.CLEAR_CART: clients.clear_basket,
            Step.CANCEL_SHIPMENT: clients.withhold,
            Step.CANCEL_PAYMENT: clients.cancel_payment,
            Step.RELEASE: clients.release,
        }

    def drive(self, order: Order, until: float | None = None) -> Order:
        """Takes steps until nothing is left to do, one can't be done now, or `until` (time.monotonic) has come.

        Returns the order as it stands then. Never raises for a step that fails: the sweeper tries it again.
        """
        try:
            while order.next_step is not None:
                step = Step(order.next_step)
                if until is not None and time.monotonic() >= until:
                    return self._later(order, step, "out of time", 0.0)
                moved = self._take(order, step)
                if moved.next_step == step:
                    return moved
                order = moved
        except LeaseLost:
            log.warning("somebody else drives the order now", extra={"order_id": order.id})
        return order

    def _take(self, order: Order, step: Step) -> Order:
        if step in (Step.CONFIRM, Step.CANCEL):
            return self._decide(order, step)
        outcome, rejection = self._try(order, step)
        STEPS.labels(step, outcome).inc()
        detail = rejection.message if rejection else ""
        if not settles(step, outcome):
            return self._later(order, step, detail, pause(order.attempts))
        # The first rejection is the reason; a buyer's own wish stands already, and withholding too late is no reason.
        reason = rejection if order.rejection is None and step is not Step.CANCEL_SHIPMENT else None
        return self._store.record(
            order, (step, outcome, detail or _told(step, order)), after(step, outcome).next_step, reason
        )

    def _try(self, order: Order, step: Step) -> tuple[Outcome, Rejection | None]:
        try:
            self._remote[step](order)
            return Outcome.DONE, None
        except Unavailable as error:
            log.warning("step unknown", extra={"order_id": order.id, "step": step, "reason": error.reason})
            return Outcome.UNKNOWN, _rejection(error)
        except AppError as error:
            log.info("step rejected", extra={"order_id": order.id, "step": step, "reason": error.reason})
            return Outcome.REJECTED, _rejection(error)

    def _decide(self, order: Order, step: Step) -> Order:
        move = after(step, Outcome.DONE)
        state = move.state or order.state
        event = events.confirmed(order) if step is Step.CONFIRM else events.cancelled(order)
        decided = self._store.change_state(order, step, state, move.next_step, event)
        ORDERS.labels(
            state, order.rejection.reason if order.rejection and state is State.CANCELLED else ""
        ).inc()
        self._announce()
        return decided

    def _later(self, order: Order, step: Step, detail: str, seconds: float) -> Order:
        return self._store.retry_later(order, (step, Outcome.UNKNOWN, detail), seconds)


def _rejection(error: AppError) -> Rejection:
    return Rejection(error.code.number, error.reason, error.message, error.metadata)


def _told(step: Step, order: Order) -> str:
    if step in (Step.AUTHORIZE, Step.CAPTURE, Step.CANCEL_PAYMENT):
        return money.text(order.total_cents)
    return ""
