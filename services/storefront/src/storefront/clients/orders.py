"""The orders of the account that the current request belongs to."""

from datetime import UTC

from chassis import context, money
from chassis.grpc_client import Channel
from nightmarket.orders.v1 import orders_pb2 as wire
from nightmarket.orders.v1.orders_pb2_grpc import OrdersServiceStub
from storefront.domain.orders import Address, Line, Order, OrderPage, State, Step

# An order asks five services and a bank; the gateway gives the whole page 20 s.
_ORDER_SECONDS = 15.0
_STATES = {
    wire.Order.State.PENDING: State.PENDING,
    wire.Order.State.CONFIRMED: State.CONFIRMED,
    wire.Order.State.SHIPPED: State.SHIPPED,
    wire.Order.State.CANCELLED: State.CANCELLED,
}


class Orders:
    """Places, reads and cancels orders. Raises the orders service's MarketErrors."""

    def __init__(self, orders: Channel) -> None:
        self._orders = OrdersServiceStub(orders)

    def place(self, address: Address, payment_token: str, key: str) -> str:
        """Buys what is in the basket; returns the order's id. The same key again means the same order."""
        request = wire.PlaceOrderRequest(
            shipping_address=wire.Address(
                name=address.name,
                line1=address.line1,
                line2=address.line2,
                city=address.city,
                postal_code=address.postal_code,
                country_code=address.country_code,
            ),
            payment_token=payment_token,
        )
        metadata = ((context.IDEMPOTENCY_KEY, key),)
        placed: wire.Order = self._orders.PlaceOrder(request, timeout=_ORDER_SECONDS, metadata=metadata)
        return placed.id

    def one(self, order_id: str) -> Order:
        """An order with its journey."""
        return _order(self._orders.GetOrder(wire.GetOrderRequest(id=order_id)))

    def page(self, size: int = 20, token: str = "") -> OrderPage:
        """Up to `size` orders, newest first; `token` is the `next_token` of the page before."""
        answer = self._orders.ListOrders(wire.ListOrdersRequest(page_size=size, page_token=token))
        return OrderPage(tuple(map(_order, answer.orders)), answer.next_page_token)

    def cancel(self, order_id: str) -> Order:
        """Cancels an order that is not shipped yet."""
        return _order(self._orders.CancelOrder(wire.CancelOrderRequest(id=order_id), timeout=_ORDER_SECONDS))


def _order(order: wire.Order) -> Order:
    address = order.shipping.address
    return Order(
        id=order.id,
        state=_STATES[order.state],
        lines=tuple(map(_line, order.lines)),
        address=Address(
            address.name,
            address.line1,
            address.line2,
            address.city,
            address.postal_code,
            address.country_code,
        ),
        subtotal_cents=money.from_wire(order.subtotal),
        shipping_cents=money.from_wire(order.shipping.cost),
        total_cents=money.from_wire(order.total),
        tracking_number=order.shipping.tracking_number,
        create_time=order.create_time.ToDatetime(UTC),
        cancel_reason=order.cancel_reason,
        journey=tuple(map(_step, order.journey)),
    )


def _line(line: wire.OrderLine) -> Line:
    return Line(
        line.product_id,
        line.name,
        line.quantity,
        money.from_wire(line.unit_price),
        money.from_wire(line.total),
    )


def _step(step: wire.JourneyStep) -> Step:
    return Step(step.step, step.service, step.time.ToDatetime(UTC), step.outcome, step.detail)
