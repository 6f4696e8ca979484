"""Minimal gRPC services behind the gateway: real servers that record their calls.

Some product ids are special: "unknown" is not found, and "slow" does not respond until the client cancels.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from google.api.httpbody_pb2 import HttpBody
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from google.type.money_pb2 import Money
from grpc_status import rpc_status

from gateway.tests.call_log import Call, CallLog
from nightmarket.cart.v1 import cart_pb2, cart_pb2_grpc
from nightmarket.catalog.v1 import catalog_pb2, catalog_pb2_grpc
from nightmarket.inventory.v1 import inventory_pb2, inventory_pb2_grpc
from nightmarket.orders.v1 import orders_pb2, orders_pb2_grpc
from nightmarket.recommendations.v1 import recommendations_pb2, recommendations_pb2_grpc

IMAGE = b"<svg xmlns='http://www.w3.org/2000/svg'>" + b"<path d='M0 0h9'/>" * 200 + b"</svg>"
LAMP = catalog_pb2.Product(
    id="lamp", name="Lamp", price=Money(currency_code="USD", units=12, nanos=500_000_000)
)


class _Servicer:
    def __init__(self, log: CallLog) -> None:
        self.log = log

    def record(self, method: str, request: Any, context: grpc.ServicerContext) -> None:
        headers = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
        path = headers.get("x-envoy-original-path", "")
        call = Call(method, path, headers, request, context.time_remaining())
        if self.log.record(call):
            context.abort(self.log.code, "not now")


class _Catalog(_Servicer, catalog_pb2_grpc.CatalogServiceServicer):
    def GetProduct(self, request: Any, context: grpc.ServicerContext) -> catalog_pb2.Product:
        self.record("GetProduct", request, context)
        if request.id == "slow":
            _wait_for_cancellation(context)
        if request.id == "unknown":
            _not_found(context)
        return LAMP

    def ListProducts(self, request: Any, context: grpc.ServicerContext) -> catalog_pb2.ListProductsResponse:
        self.record("ListProducts", request, context)
        return catalog_pb2.ListProductsResponse(products=[LAMP] * request.page_size)

    def GetProductImage(self, request: Any, context: grpc.ServicerContext) -> HttpBody:
        self.record("GetProductImage", request, context)
        if request.id == "unknown":
            _not_found(context)
        return HttpBody(content_type="image/svg+xml", data=IMAGE)


class _Inventory(_Servicer, inventory_pb2_grpc.InventoryServiceServicer):
    def GetStock(self, request: Any, context: grpc.ServicerContext) -> inventory_pb2.Stock:
        self.record("GetStock", request, context)
        return inventory_pb2.Stock(product_id=request.product_id)


class _Reservations(_Servicer, inventory_pb2_grpc.ReservationServiceServicer):
    def Reserve(self, request: Any, context: grpc.ServicerContext) -> inventory_pb2.Reservation:
        self.record("Reserve", request, context)
        return inventory_pb2.Reservation(order_id=request.order_id)


class _Recommendations(_Servicer, recommendations_pb2_grpc.RecommendationsServiceServicer):
    def ListRecommendations(
        self, request: Any, context: grpc.ServicerContext
    ) -> recommendations_pb2.ListRecommendationsResponse:
        self.record("ListRecommendations", request, context)
        return recommendations_pb2.ListRecommendationsResponse(model="v1")


class _Cart(_Servicer, cart_pb2_grpc.CartServiceServicer):
    def GetCart(self, request: Any, context: grpc.ServicerContext) -> cart_pb2.Cart:
        self.record("GetCart", request, context)
        return cart_pb2.Cart()

    AddItem = SetItem = RemoveItem = GetCart


class _Orders(_Servicer, orders_pb2_grpc.OrdersServiceServicer):
    def PlaceOrder(self, request: Any, context: grpc.ServicerContext) -> orders_pb2.Order:
        self.record("PlaceOrder", request, context)
        return orders_pb2.Order(id="order-1", state=orders_pb2.Order.PENDING)

    def GetOrder(self, request: Any, context: grpc.ServicerContext) -> orders_pb2.Order:
        self.record("GetOrder", request, context)
        return orders_pb2.Order(id=request.id)

    def CancelOrder(self, request: Any, context: grpc.ServicerContext) -> orders_pb2.Order:
        self.record("CancelOrder", request, context)
        return orders_pb2.Order(id=request.id, state=orders_pb2.Order.CANCELLED)


def _wait_for_cancellation(context: grpc.ServicerContext) -> None:
    canceled = threading.Event()
    if context.add_callback(canceled.set):
        canceled.wait()


def _not_found(context: grpc.ServicerContext) -> None:
    status = Status(code=grpc.StatusCode.NOT_FOUND.value[0], message="no such product")
    status.details.add().Pack(ErrorInfo(reason="PRODUCT_NOT_FOUND", domain="night-market"))
    context.abort_with_status(rpc_status.to_status(status))


@dataclass(frozen=True)
class GrpcBackend:
    """A running gRPC service."""

    port: int
    log: CallLog


@contextmanager
def running(name: str, port: int = 0) -> Iterator[GrpcBackend]:
    """Run the service of this name on 127.0.0.1, on a free port if `port` is 0."""
    log = CallLog()
    server = grpc.server(ThreadPoolExecutor(8))
    for add, servicer in _SERVICERS[name]:
        add(servicer(log), server)
    bound = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    try:
        yield GrpcBackend(bound, log)
    finally:
        server.stop(None).wait()


_SERVICERS: dict[str, list[tuple[Any, type[_Servicer]]]] = {
    "catalog": [(catalog_pb2_grpc.add_CatalogServiceServicer_to_server, _Catalog)],
    "inventory": [
        (inventory_pb2_grpc.add_InventoryServiceServicer_to_server, _Inventory),
        (inventory_pb2_grpc.add_ReservationServiceServicer_to_server, _Reservations),
    ],
    "recommendations": [
        (recommendations_pb2_grpc.add_RecommendationsServiceServicer_to_server, _Recommendations),
    ],
    "cart": [(cart_pb2_grpc.add_CartServiceServicer_to_server, _Cart)],
    "orders": [(orders_pb2_grpc.add_OrdersServiceServicer_to_server, _Orders)],
}
