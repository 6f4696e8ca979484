"""A buyer whose every request may be cut off, and who repeats it until it is answered."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from chassis.errors import AppError, Unavailable
from chassis.grpc_client import Channel
from nightmarket.cart.v1 import cart_pb2
from nightmarket.cart.v1.cart_pb2_grpc import CartServiceStub
from nightmarket.orders.v1 import orders_pb2
from nightmarket.orders.v1.orders_pb2_grpc import OrdersServiceStub
from tests.crash.world import World

T = TypeVar("T")
_ADDRESS = orders_pb2.Address(
    name="Ada", line1="12 St James's Square", city="London", postal_code="SW1Y 4JH", country_code="GB"
)
_UNTIL_ANSWERED = Retrying(
    retry=retry_if_exception_type(Unavailable), wait=wait_fixed(0.05), stop=stop_after_delay(30), reraise=True
)


class Shop:
    """The channels to one world that its buyers share."""

    def __init__(self, world: World) -> None:
        self._channels = [Channel("test", world.address(name), timeout=10) for name in ("cart", "orders")]
        self.cart = CartServiceStub(self._channels[0])
        self.orders = OrdersServiceStub(self._channels[1])

    def close(self) -> None:
        """Closes the channels."""
        for channel in self._channels:
            channel.close()


class Buyer:
    """Somebody new, with one order to place.

    `wanted` is all that was ever put into the basket, unless the buyer `is_unsure` of it.
    """

    def __init__(self, shop: Shop, card: str) -> None:
        self._shop = shop
        self._card = card
        self.account = f"buyer-{uuid.uuid4().hex}"
        self.email = f"{self.account}@example.com"
        self.trace = uuid.uuid4().hex
        self.wanted: Counter[str] = Counter()
        self.is_unsure = False
        self._key = uuid.uuid4().hex

    def put_in(self, pieces: Mapping[str, int]) -> None:
        """Puts so many pieces of each product into the basket, again and again until they are in it."""
        for product_id, quantity in pieces.items():
            request = cart_pb2.SetItemRequest(product_id=product_id, quantity=quantity)
            _answered(partial(self._shop.cart.SetItem, request, metadata=self._identity()))
        self.wanted.update(pieces)

    def put_in_more(self, product_id: str, quantity: int) -> None:
        """Puts so many pieces more into the basket; unlike the other requests, this one cannot be repeated."""
        request = cart_pb2.AddItemRequest(product_id=product_id, quantity=quantity)
        try:
            self._shop.cart.AddItem(request, metadata=self._identity())
            self.wanted[product_id] += quantity
        except Unavailable:
            self.is_unsure = True

    def basket(self) -> Counter[str]:
        """What is in the basket."""
        found = _answered(
            lambda: self._shop.cart.GetCart(cart_pb2.GetCartRequest(), metadata=self._identity())
        )
        return Counter({item.product_id: item.quantity for item in found.items})

    def ask_once(self) -> orders_pb2.Order | AppError:
        """Buys what is in the basket: the order, or the error that stands for any other answer, or for none."""
        request = orders_pb2.PlaceOrderRequest(shipping_address=_ADDRESS, payment_token=self._card)
        try:
            return self._shop.orders.PlaceOrder(request, metadata=self._headers())
        except AppError as error:
            return error

    def place(self) -> orders_pb2.Order | AppError:
        """The same, again and again until there is an answer: the order, or the error that it was refused with."""

        def ask() -> orders_pb2.Order | AppError:
            if isinstance(answer := self.ask_once(), Unavailable):
                raise answer
            return answer

        return _answered(ask)

    def cancel(self, order_id: str) -> orders_pb2.Order | AppError:
        """Cancels the order, again and again until there is an answer."""
        request = orders_pb2.CancelOrderRequest(id=order_id)
        try:
            return _answered(lambda: self._shop.orders.CancelOrder(request, metadata=self._headers()))
        except AppError as refused:
            return refused

    def _identity(self, trace: str = "") -> tuple[tuple[str, str], ...]:
        """Who asks, and the trace; what is not about the order is of another one, and so is not watched."""
        traceparent = f"00-{trace or uuid.uuid4().hex}-00000000000000ab-01"
        return ("x-account-id", self.account), ("x-account-email", self.email), ("traceparent", traceparent)

    def _headers(self) -> tuple[tuple[str, str], ...]:
        return (*self._identity(self.trace), ("idempotency-key", self._key))


def _answered(ask: Callable[[], T]) -> T:
    return _UNTIL_ANSWERED.copy()(ask)
