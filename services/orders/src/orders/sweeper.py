"""The sweeper: continues orders that no worker executes, because a step must be retried or a worker has crashed."""

import logging
from datetime import UTC, datetime, timedelta

from chassis.context import ACCOUNT_ID, TRACEPARENT, RequestContext, use_context
from chassis.errors import FailedPrecondition
from orders.domain.orders import Order, Rejection
from orders.domain.saga import Step, compensation_on_timeout
from orders.saga_executor import SagaExecutor
from orders.store import Store

log = logging.getLogger(__name__)
TIMED_OUT = Rejection(
    FailedPrecondition.code.number,
    "CHECKOUT_TIMED_OUT",
    "The order could not be finished in time; nothing was charged.",
)


class Sweeper:
    """Several sweepers, in several processes, share the work. `give_up_seconds` limits how long an order is PENDING."""

    def __init__(self, store: Store, executor: SagaExecutor, give_up_seconds: float) -> None:
        self._store = store
        self._executor = executor
        self._timeout = timedelta(seconds=give_up_seconds)

    def sweep(self) -> None:
        """Continue every order that is due."""
        # Orders are leased one by one. In a batch, one slow step would delay all others, and if this process crashed,
        # all of them would be blocked until their leases end.
        while order := self._store.lease_due():
            # The calls belong to the account and the trace of the request that placed the order.
            with use_context(RequestContext({ACCOUNT_ID: order.account_id, TRACEPARENT: order.traceparent})):
                self._executor.run(self._compensated(order) or order)

    def _compensated(self, order: Order) -> Order | None:
        # An order is given up while its reservation still holds. After that, its stock could be sold to another buyer
        # although this one can still pay.
        is_too_old = datetime.now(UTC) - order.create_time > self._timeout
        next_step = Step(order.next_step) if order.next_step else None
        is_rejected = order.rejection is not None
        first = compensation_on_timeout(order.state, next_step, is_rejected) if is_too_old else None
        if first is None:
            return None
        log.warning("order timed out; compensating", extra={"order_id": order.id, "step": order.next_step})
        return self._store.start_cancellation(order, first, TIMED_OUT)
