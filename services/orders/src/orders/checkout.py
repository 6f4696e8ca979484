"""Placing and cancelling orders: what happens while the buyer waits."""

import logging
import time
from collections.abc import Callable

from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from chassis import context
from chassis.errors import BY_NUMBER, AppError, FailedPrecondition, Unavailable
from orders.clients import Clients
from orders.domain.orders import CartEmpty, Line, Order, OrderShipped, Rejection, Request, State
from orders.domain.saga import Step, cancelling
from orders.driver import Driver
from orders.store import Store

log = logging.getLogger(__name__)
_PATIENCE_SECONDS = 10.0  # how long a buyer waits at most
_RESERVE_SECONDS = 0.5  # of the caller's deadline, kept for the answer
BY_BUYER = Rejection(FailedPrecondition.code.number, "CANCELLED_BY_BUYER", "You cancelled this order.")


class Checkout:
    """The use cases of orders that change something.

    `flat_shipping_cents` is what sending costs while shipping, which knows better, does not answer.
    """

    def __init__(self, store: Store, clients: Clients, driver: Driver, flat_shipping_cents: int) -> None:
        self._store = store
        self._clients = clients
        self._driver = driver
        self._flat_shipping_cents = flat_shipping_cents

    def place(self, request: Request) -> Order:
        """Buys what is in the basket; the same request again returns the same order.

        Raises the domain's errors, those of the services asked, and, where the order had to be cancelled, the error
        that was the reason, now and at every repetition.
        """
        order = self._known(request) or self._new(request)
        return _answer(self._store.of_account(request.account_id, order.id))

    def cancel(self, account_id: str, order_id: str) -> Order:
        """Cancels an order that is not shipped yet. Raises OrderNotFound, OrderShipped, Unavailable."""
        cancelled = _patiently(self._try_to_cancel, account_id, order_id)
        if cancelled is None:
            raise Unavailable("ORDER_BUSY", "This order is being worked on. Try again.")
        return cancelled

    def _try_to_cancel(self, account_id: str, order_id: str) -> Order | None:
        """The order, cancelled or about to be; None where it has just changed."""
        order = self._store.of_account(account_id, order_id)
        if order.state is State.SHIPPED:
            raise OrderShipped("The parcel has left already.")
        if order.state is State.CANCELLED or (order.rejection and order.next_step):
            return order
        first = cancelling(order.state, Step(order.next_step) if order.next_step else None)
        begun = self._store.begin_cancel(order, first, BY_BUYER) if first else None
        if begun is None:
            return None
        ended = self._driver.drive(begun, _until())
        if ended.next_step is None and ended.state is not State.CANCELLED:
            raise OrderShipped("The parcel has left already.")
        return self._store.of_account(account_id, order_id)

    def _new(self, request: Request) -> Order:
        try:
            lines = self._clients.priced_basket()
        except CartEmpty:
            # The same request may have emptied it a moment ago.
            if known := self._known(request):
                return known
            raise
        placed = self._store.place(request, lines, self._shipping_cents(request, lines))
        if placed is None:
            known = self._known(request)
            assert known is not None
            return known
        return self._driver.drive(placed, _until())

    def _shipping_cents(self, request: Request, lines: tuple[Line, ...]) -> int:
        try:
            return self._clients.shipping_cents(request.address.country_code, lines)
        except Unavailable as error:
            log.warning("sent at the flat rate", extra={"reason": error.reason})
            return self._flat_shipping_cents

    def _known(self, request: Request) -> Order | None:
        order = self._store.by_key(request.account_id, request.idempotency_key)
        if order is None:
            return None
        order.answers(request)
        return self._settled(order)

    def _settled(self, order: Order) -> Order:
        """The order once nobody works on it any more, or as it stands when patience ends."""
        return _patiently(self._out_of_hand, order) or self._store.of_account(order.account_id, order.id)

    def _out_of_hand(self, order: Order) -> Order | None:
        now = self._store.of_account(order.account_id, order.id)
        return None if now.in_hand else now


def _patiently(attempt: Callable[..., Order | None], *arguments: object) -> Order | None:
    """What `attempt` returns once it returns an order; None when the caller's patience ends."""
    waits = Retrying(
        retry=retry_if_result(lambda found: found is None),
        stop=stop_after_delay(max(0.0, _until() - time.monotonic())),
        wait=wait_fixed(0.05),
        retry_error_callback=lambda _: None,
    )
    return waits(attempt, *arguments)


def _until() -> float:
    return time.monotonic() + context.current().time_remaining(_PATIENCE_SECONDS) - _RESERVE_SECONDS


def _answer(order: Order) -> Order:
    rejection = order.rejection
    if order.state is not State.CANCELLED or rejection is None or rejection.reason == BY_BUYER.reason:
        return order
    kind = BY_NUMBER.get(rejection.code, FailedPrecondition)
    error: AppError = kind(rejection.reason, rejection.message, {**rejection.metadata, "orderId": order.id})
    raise error
