"""A buyer whose requests may fail at any time, and who retries them until there is an answer."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

from chassis.errors import AppError, Unavailable
from chassis.grpc_client import Channel
from nightmarket.cart.v1 import cart_pb2
from nightmarket.cart.v1.cart_pb2_grpc import CartServiceStub
from nightmarket.orders.v1 import orders_pb2
from nightmarket.orders.v1.orders_pb2_grpc import OrdersServiceStub
from tests.crash.environment import Environment
from tests.support.waiting import wait_until

T = TypeVar("T")
_ADDRESS = orders_pb2.Address(
    name="Ada", line1="12 St James's Square", city="London", postal_code="SW1Y 4JH", country_code="GB"
)
_RETRY_TIMEOUT = 30.0  # seconds


class Clients:
    """The gRPC clients that the buyers of one environment share."""

    def __init__(self, environment: Environment) -> None:
        self._channels = [
            Channel("test", environment.address(name), timeout=10) for name in ("cart", "orders")
        ]
        self.cart = CartServiceStub(self._channels[0])
        self.orders = OrdersServiceStub(self._channels[1])

    def close(self) -> None:
        """Close the channels."""
        for channel in self._channels:
            channel.close()


class Buyer:
    """A buyer with a new account and one order to place.

    `added` is everything that was ever added to the cart. It is not reliable if the buyer `is_uncertain`, because a
    request that cannot be retried got no answer.
    """

    def __init__(self, clients: Clients, card: str) -> None:
        self._clients = clients
        self._card = card
        self.account = f"buyer-{uuid.uuid4().hex}"
        self.email = f"{self.account}@example.com"
        self.trace = uuid.uuid4().hex
        self.added: Counter[str] = Counter()
        self.is_uncertain = False
        self._key = uuid.uuid4().hex

    def set_items(self, units: Mapping[str, int]) -> None:
        """Set the quantity of each product in the cart, with retries."""
        for product_id, quantity in units.items():
            request = cart_pb2.SetItemRequest(product_id=product_id, quantity=quantity)
            _retry(partial(self._clients.cart.SetItem, request, metadata=self._identity()))
        self.added.update(units)

    def add_item(self, product_id: str, quantity: int) -> None:
        """Add units to the cart, without a retry: this request is not idempotent."""
        request = cart_pb2.AddItemRequest(product_id=product_id, quantity=quantity)
        try:
            self._clients.cart.AddItem(request, metadata=self._identity())
            self.added[product_id] += quantity
        except Unavailable:
            self.is_uncertain = True

    def cart(self) -> Counter[str]:
        """The content of the cart."""
        found = _retry(
            lambda: self._clients.cart.GetCart(cart_pb2.GetCartRequest(), metadata=self._identity())
        )
        return Counter({item.product_id: item.quantity for item in found.items})

    def place_once(self) -> orders_pb2.Order | AppError:
        """Place the order, and return it or the error."""
        request = orders_pb2.PlaceOrderRequest(shipping_address=_ADDRESS, payment_token=self._card)
        try:
            return self._clients.orders.PlaceOrder(request, metadata=self._order_headers())
        except AppError as error:
            return error

    def place(self) -> orders_pb2.Order | AppError:
        """Place the order with retries, and return it or its rejection."""

        def place() -> orders_pb2.Order | AppError:
            if isinstance(answer := self.place_once(), Unavailable):
                raise answer
            return answer

        return _retry(place)

    def cancel(self, order_id: str) -> orders_pb2.Order | AppError:
        """Cancel the order with retries, and return it or the rejection."""
        request = orders_pb2.CancelOrderRequest(id=order_id)
        try:
            return _retry(lambda: self._clients.orders.CancelOrder(request, metadata=self._order_headers()))
        except AppError as rejection:
            return rejection

    def _identity(self, trace: str = "") -> tuple[tuple[str, str], ...]:
        """The account and the trace; by default a new trace, so that the request is not observed."""
        traceparent = f"00-{trace or uuid.uuid4().hex}-00000000000000ab-01"
        return ("x-account-id", self.account), ("x-account-email", self.email), ("traceparent", traceparent)

    def _order_headers(self) -> tuple[tuple[str, str], ...]:
        return (*self._identity(self.trace), ("idempotency-key", self._key))


def _retry(request: Callable[[], T]) -> T:
    """Send a request until the service is available. Raises AssertionError if it stays unavailable."""

    def attempt() -> list[T]:
        try:
            return [request()]
        except Unavailable:
            return []

    return wait_until(attempt, _RETRY_TIMEOUT, "the request is answered")[0]
