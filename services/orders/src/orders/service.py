"""The use cases of orders."""

import logging
import time
from collections.abc import Callable, Sequence

from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from chassis import context
from chassis.errors import BY_NUMBER, AppError, FailedPrecondition, Unavailable
from orders.clients import Clients
from orders.domain.orders import CartEmpty, Line, Order, OrderRequest, OrderShipped, Rejection, State
from orders.domain.saga import Step, compensation_on_cancel
from orders.saga_executor import SagaExecutor
from orders.store import Store

log = logging.getLogger(__name__)
_MAX_WAIT_SECONDS = 10.0  # of a caller without a deadline
_RESPONSE_SECONDS = 0.5  # part of the caller's deadline that is for the response
BY_BUYER = Rejection(FailedPrecondition.code.number, "CANCELLED_BY_BUYER", "You canceled this order.")


class OrderService:
    """Places, cancels and returns orders.

    `flat_shipping_cents` is the cost of shipping if the shipping service does not answer.
    """

    def __init__(
        self, store: Store, clients: Clients, executor: SagaExecutor, flat_shipping_cents: int
    ) -> None:
        self._store = store
        self._clients = clients
        self._executor = executor
        self._flat_shipping_cents = flat_shipping_cents

    def order(self, account_id: str, order_id: str) -> Order:
        """Return the account's order with its journey. Raises OrderNotFound."""
        return self._store.order(account_id, order_id)

    def page(self, account_id: str, size: int, after: Sequence[object] | None) -> tuple[list[Order], bool]:
        """Return up to `size` orders, newest first, after (create_time, id), and if there are more."""
        return self._store.page(account_id, size, after)

    def place(self, request: OrderRequest) -> Order:
        """Buy what is in the cart. The same request again returns the same order.

        Raises the errors of the domain and of the services that it calls. If the order had to be canceled, raises the
        error that was the reason, for the first request and for every retry.
        """
        order = self._existing(request) or self._place(request)
        return _order_or_error(self._store.order(request.account_id, order.id))

    def cancel(self, account_id: str, order_id: str) -> Order:
        """Cancel an order that is not shipped yet. Raises OrderNotFound, OrderShipped, Unavailable."""
        canceled = _wait_for(self._try_to_cancel, account_id, order_id)
        if canceled is None:
            raise Unavailable("ORDER_BUSY", "This order is being worked on. Try again.")
        return canceled

    def _try_to_cancel(self, account_id: str, order_id: str) -> Order | None:
        """Return the order, canceled or being canceled, or None if it has changed and the caller should try again."""
        order = self._store.order(account_id, order_id)
        if order.state is State.SHIPPED:
            raise OrderShipped("The order is already shipped.")
        if order.state is State.CANCELLED or (order.rejection and order.next_step):
            return order
        first = compensation_on_cancel(order.state, Step(order.next_step) if order.next_step else None)
        started = self._store.start_cancellation(order, first, BY_BUYER) if first else None
        if started is None:
            return None
        ended = self._executor.run(started, _deadline())
        if ended.next_step is None and ended.state is not State.CANCELLED:
            raise OrderShipped("The order is already shipped.")
        return self._store.order(account_id, order_id)

    def _place(self, request: OrderRequest) -> Order:
        # Reading and pricing the cart changes nothing, so it needs no record. Everything after that is on record first.
        try:
            lines = self._clients.priced_cart()
        except CartEmpty:
            # A concurrent, equal request may just have emptied it.
            if existing := self._existing(request):
                return existing
            raise
        added = self._store.add(request, lines, self._shipping_cents(request, lines))
        if added is None:
            # A concurrent request with the same key was faster.
            existing = self._existing(request)
            assert existing is not None
            return existing
        return self._executor.run(added, _deadline())

    def _shipping_cents(self, request: OrderRequest, lines: tuple[Line, ...]) -> int:
        try:
            return self._clients.shipping_cents(request.address.country_code, lines)
        except Unavailable as error:
            log.warning("shipping quote unavailable; using the flat rate", extra={"reason": error.reason})
            return self._flat_shipping_cents

    def _existing(self, request: OrderRequest) -> Order | None:
        order = self._store.find(request.account_id, request.idempotency_key)
        if order is None:
            return None
        order.check_matches(request)
        # The first request does all the work. This one only waits for it, so that fifty equal requests at once cost the
        # bank no more than one.
        return _wait_for(self._idle, order) or self._store.order(order.account_id, order.id)

    def _idle(self, order: Order) -> Order | None:
        current = self._store.order(order.account_id, order.id)
        return None if current.is_in_progress else current


def _wait_for(attempt: Callable[..., Order | None], *arguments: object) -> Order | None:
    """Repeat `attempt` until it returns an order. Return None if the caller's time is over first."""
    retrying = Retrying(
        retry=retry_if_result(lambda order: order is None),
        stop=stop_after_delay(max(0.0, _deadline() - time.monotonic())),
        wait=wait_fixed(0.05),
        retry_error_callback=lambda _: None,
    )
    return retrying(attempt, *arguments)


def _deadline() -> float:
    return time.monotonic() + context.current().time_remaining(_MAX_WAIT_SECONDS) - _RESPONSE_SECONDS


def _order_or_error(order: Order) -> Order:
    rejection = order.rejection
    if order.state is not State.CANCELLED or rejection is None or rejection.reason == BY_BUYER.reason:
        return order
    kind = BY_NUMBER.get(rejection.code, FailedPrecondition)
    error: AppError = kind(rejection.reason, rejection.message, {**rejection.metadata, "orderId": order.id})
    raise error
