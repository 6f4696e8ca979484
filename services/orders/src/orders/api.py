"""The gRPC service of orders: the translation between wire and domain."""

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp
from grpc import ServicerContext

from chassis import money, paging
from chassis.context import ACCOUNT_EMAIL, IDEMPOTENCY_KEY, current
from chassis.errors import Conflict, ErrorMap, FailedPrecondition, Invalid, NotFound
from nightmarket.limits import ORDERS_PAGE_SIZE
from nightmarket.orders.v1 import orders_pb2 as wire
from nightmarket.orders.v1.orders_pb2_grpc import OrdersServiceServicer
from orders.domain import orders as domain
from orders.domain.orders import Address, Order, OrderRequest
from orders.service import OrderService

ERROR_MAP: ErrorMap = {
    domain.IdempotencyKeyMissing: Invalid,
    domain.IdempotencyKeyInvalid: Invalid,
    domain.IdempotencyKeyReused: Conflict,
    domain.AddressInvalid: Invalid,
    domain.PaymentTokenInvalid: Invalid,
    domain.CartEmpty: FailedPrecondition,
    domain.ProductGone: FailedPrecondition,
    domain.OrderNotFound: NotFound,
    domain.OrderShipped: FailedPrecondition,
}


class OrdersApi(OrdersServiceServicer):
    """Implements nightmarket.orders.v1.OrdersService."""

    def __init__(self, orders: OrderService) -> None:
        self._orders = orders

    def PlaceOrder(self, request: wire.PlaceOrderRequest, context: ServicerContext) -> wire.Order:
        now = current()
        order_request = OrderRequest(
            account_id=now.account_id(),
            email=now.headers.get(ACCOUNT_EMAIL, ""),
            idempotency_key=now.headers.get(IDEMPOTENCY_KEY, ""),
            address=_address(request.shipping_address),
            payment_token=request.payment_token,
        )
        return _order(self._orders.place(order_request))

    def GetOrder(self, request: wire.GetOrderRequest, context: ServicerContext) -> wire.Order:
        return _order(self._orders.order(current().account_id(), request.id))

    def ListOrders(
        self, request: wire.ListOrdersRequest, context: ServicerContext
    ) -> wire.ListOrdersResponse:
        account_id = current().account_id()
        size = paging.page_size(request.page_size, ORDERS_PAGE_SIZE)
        after = paging.cursor(request.page_token, (float, str), account_id)
        place = after and (datetime.fromtimestamp(float(after[0])).astimezone(), after[1])
        orders, more = self._orders.page(account_id, size, place)
        last = orders[-1] if more else None
        token = paging.token([last.create_time.timestamp(), last.id], account_id) if last else ""
        return wire.ListOrdersResponse(orders=map(_order, orders), next_page_token=token)

    def CancelOrder(self, request: wire.CancelOrderRequest, context: ServicerContext) -> wire.Order:
        return _order(self._orders.cancel(current().account_id(), request.id))


def _address(address: wire.Address) -> Address:
    return Address(
        address.name, address.line1, address.line2, address.city, address.postal_code, address.country_code
    )


def _order(order: Order) -> wire.Order:
    address = order.address
    return wire.Order(
        id=order.id,
        state=order.state.value,
        lines=[
            wire.OrderLine(
                product_id=line.product_id,
                name=line.name,
                quantity=line.quantity,
                unit_price=money.to_wire(line.unit_cents),
                total=money.to_wire(line.total_cents),
            )
            for line in order.lines
        ],
        shipping=wire.Shipping(
            address=wire.Address(
                name=address.name,
                line1=address.line1,
                line2=address.line2,
                city=address.city,
                postal_code=address.postal_code,
                country_code=address.country_code,
            ),
            cost=money.to_wire(order.shipping_cents),
            tracking_number=order.tracking_number,
        ),
        subtotal=money.to_wire(order.subtotal_cents),
        total=money.to_wire(order.total_cents),
        create_time=_timestamp(order.create_time),
        cancel_reason=order.rejection.reason
        if order.rejection and order.state is domain.State.CANCELLED
        else "",
        journey=[
            wire.JourneyStep(
                step=step.step,
                service=step.service,
                time=_timestamp(step.time),
                outcome=step.outcome,
                detail=step.detail,
            )
            for step in order.journey
        ],
    )


def _timestamp(time: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(time)
    return stamp
