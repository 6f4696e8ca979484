"""Fakes of cart and orders that follow their contracts."""

from datetime import datetime, timedelta
from typing import Any

from chassis import context as request_context
from chassis import money
from chassis.errors import Conflict, FailedPrecondition, Invalid, NotFound
from nightmarket.cart.v1 import cart_pb2 as cart
from nightmarket.cart.v1.cart_pb2_grpc import CartServiceServicer
from nightmarket.limits import MAX_QUANTITY
from nightmarket.orders.v1 import orders_pb2 as orders
from nightmarket.orders.v1.orders_pb2_grpc import OrdersServiceServicer
from services.storefront.tests.fakes.state import State

PLACED = datetime(2026, 5, 1, 12)


class FakeCart(CartServiceServicer):
    """Keeps one cart for each account."""

    def __init__(self, state: State) -> None:
        self._state = state

    def GetCart(self, request: Any, context: Any) -> cart.Cart:
        self._state.record("cart", "GetCart")
        return self._cart()

    def AddItem(self, request: Any, context: Any) -> cart.Cart:
        self._state.record("cart", "AddItem")
        if self._state.find_product(request.product_id) is None:
            raise NotFound("PRODUCT_NOT_FOUND", "There is no such product.")
        items = self._state.cart()
        quantity = items.get(request.product_id, 0) + request.quantity
        if quantity > MAX_QUANTITY:
            raise FailedPrecondition("CART_FULL", f"A cart holds at most {MAX_QUANTITY} units of a product.")
        items[request.product_id] = quantity
        return self._cart()

    def SetItem(self, request: Any, context: Any) -> cart.Cart:
        self._state.record("cart", "SetItem")
        self._state.cart()[request.product_id] = request.quantity
        return self._cart()

    def RemoveItem(self, request: Any, context: Any) -> cart.Cart:
        self._state.record("cart", "RemoveItem")
        self._state.cart().pop(request.product_id, None)
        return self._cart()

    def _cart(self) -> cart.Cart:
        items, subtotal = [], 0
        for product_id, quantity in self._state.cart().items():
            product = self._state.find_product(product_id)
            if product and quantity:
                cents = money.from_wire(product.price)
                subtotal += cents * quantity
                items.append(
                    cart.CartItem(
                        product_id=product_id,
                        quantity=quantity,
                        name=product.name,
                        unit_price=product.price,
                        total=money.to_wire(cents * quantity),
                        image_url=product.image_url,
                    )
                )
        return cart.Cart(items=items, subtotal=money.to_wire(subtotal))


class FakeOrders(OrdersServiceServicer):
    """Confirms every order immediately, unless a test sets `rejection`. Page tokens are those of the fake catalog."""

    def __init__(self, state: State) -> None:
        self._state = state

    def PlaceOrder(self, request: Any, context: Any) -> orders.Order:
        self._state.record("orders", "PlaceOrder")
        key = request_context.current().headers[request_context.IDEMPOTENCY_KEY]
        body = request.SerializeToString().hex()
        if self._state.keys.setdefault(key, body) != body:
            raise Conflict("IDEMPOTENCY_KEY_REUSED", "This Idempotency-Key belongs to a different order.")
        if key in self._state.orders:
            return self._state.orders[key]
        if not request.shipping_address.city:
            raise Invalid("ADDRESS_INVALID", "The city is missing.", {"field": "city"})
        if not self._state.cart():
            raise FailedPrecondition("CART_EMPTY", "The cart is empty.")
        if self._state.rejection:
            raise self._state.rejection
        placed = order(
            key, shipping=orders.Shipping(address=request.shipping_address, cost=money.to_wire(500))
        )
        self._state.orders[key] = placed
        return placed

    def GetOrder(self, request: Any, context: Any) -> orders.Order:
        self._state.record("orders", "GetOrder")
        return self._order(request.id)

    def ListOrders(self, request: Any, context: Any) -> orders.ListOrdersResponse:
        self._state.record("orders", "ListOrders")
        found = list(reversed(self._state.orders.values()))
        start = int(request.page_token or 0)
        end = start + request.page_size
        token = str(end) if end < len(found) else ""
        return orders.ListOrdersResponse(orders=found[start:end], next_page_token=token)

    def CancelOrder(self, request: Any, context: Any) -> orders.Order:
        self._state.record("orders", "CancelOrder")
        found = self._order(request.id)
        if found.state == orders.Order.SHIPPED:
            raise FailedPrecondition("ORDER_SHIPPED", "The order has shipped.")
        found.state, found.cancel_reason = orders.Order.CANCELLED, "CANCELLED_BY_BUYER"
        return found

    def _order(self, order_id: str) -> orders.Order:
        if order_id not in self._state.orders:
            raise NotFound("ORDER_NOT_FOUND", "There is no such order.")
        return self._state.orders[order_id]


def order(order_id: str, state: str = "CONFIRMED", **fields: Any) -> orders.Order:
    """Return an order of two lamps, placed at noon on May 1, 2026."""
    fields.setdefault("shipping", orders.Shipping(cost=money.to_wire(500)))
    made = orders.Order(
        id=order_id,
        state=state,
        lines=[
            orders.OrderLine(
                product_id="lamps-1",
                name="¤A lamp¤",
                quantity=2,
                unit_price=money.to_wire(199),
                total=money.to_wire(398),
            )
        ],
        subtotal=money.to_wire(398),
        total=money.to_wire(898),
        **fields,
    )
    made.create_time.FromDatetime(PLACED)
    return made


def step(
    name: str, service: str, seconds: float, outcome: str = "done", detail: str = ""
) -> orders.JourneyStep:
    """Return a step of a journey, `seconds` after the order was placed."""
    made = orders.JourneyStep(step=name, service=service, outcome=outcome, detail=detail)
    made.time.FromDatetime(PLACED + timedelta(seconds=seconds))
    return made
