"""The sweeper: drives orders that nobody drives, because a step could not be finished or a driver died."""

import logging
from datetime import UTC, datetime, timedelta

from chassis.context import ACCOUNT_ID, TRACEPARENT, RequestContext, use_context
from chassis.errors import FailedPrecondition
from orders.domain.orders import Order, Rejection
from orders.domain.saga import Step, giving_up
from orders.driver import Driver
from orders.store import Store

log = logging.getLogger(__name__)
TIMED_OUT = Rejection(
    FailedPrecondition.code.number,
    "CHECKOUT_TIMED_OUT",
    "The order could not be finished in time; nothing was charged.",
)


class Sweeper:
    """Several, in several processes, share the work. `give_up_seconds`: how long an order may be PENDING."""

    def __init__(self, store: Store, driver: Driver, give_up_seconds: float) -> None:
        self._store = store
        self._driver = driver
        self._give_up = timedelta(seconds=give_up_seconds)

    def sweep(self) -> None:
        """Drives every order that is due."""
        while order := self._store.lease():
            with use_context(RequestContext({ACCOUNT_ID: order.account_id, TRACEPARENT: order.traceparent})):
                self._driver.drive(self._given_up(order) or order)

    def _given_up(self, order: Order) -> Order | None:
        """An order that is PENDING for too long is cancelled, while its reservation still holds."""
        too_old = datetime.now(UTC) - order.create_time > self._give_up
        next_step = Step(order.next_step) if order.next_step else None
        first = giving_up(order.state, next_step, order.rejection is not None) if too_old else None
        if first is None:
            return None
        log.warning("order given up", extra={"order_id": order.id, "step": order.next_step})
        return self._store.begin_cancel(order, first, TIMED_OUT)
