"""Inventory's two gRPC services: wire <-> domain."""

from google.protobuf.timestamp_pb2 import Timestamp
from grpc import ServicerContext

from chassis.errors import Conflict, Invalid, NotFound, Refusals, Refused
from inventory.domain import lines as domain
from inventory.domain import reservations
from inventory.domain.reservations import Reservation, checked_order_id
from inventory.store import Store
from nightmarket.inventory.v1 import inventory_pb2 as wire
from nightmarket.inventory.v1.inventory_pb2_grpc import InventoryServiceServicer, ReservationServiceServicer

REFUSALS: Refusals = {
    domain.ProductNotFound: NotFound,
    domain.LinesEmpty: Invalid,
    domain.TooManyLines: Invalid,
    domain.ProductRepeated: Invalid,
    domain.QuantityInvalid: Invalid,
    domain.SoldOut: Refused,
    reservations.OrderIdInvalid: Invalid,
    reservations.ReservationNotFound: NotFound,
    reservations.ReservationDiffers: Conflict,
    reservations.ReservationReleased: Refused,
    reservations.ReservationExpired: Refused,
}


class StockApi(InventoryServiceServicer):
    """Answers nightmarket.inventory.v1.InventoryService."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def GetStock(self, request: wire.GetStockRequest, context: ServicerContext) -> wire.Stock:
        product_id = domain.checked_product_id(request.product_id)
        return wire.Stock(product_id=product_id, available=self._store.available(product_id))


class ReservationApi(ReservationServiceServicer):
    """Answers nightmarket.inventory.v1.ReservationService."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def Reserve(self, request: wire.ReserveRequest, context: ServicerContext) -> wire.Reservation:
        lines = domain.checked(domain.Line(line.product_id, line.quantity) for line in request.lines)
        return _reservation(self._store.reserve(checked_order_id(request.order_id), lines))

    def Commit(self, request: wire.CommitRequest, context: ServicerContext) -> wire.Reservation:
        return _reservation(self._store.commit(checked_order_id(request.order_id)))

    def Release(self, request: wire.ReleaseRequest, context: ServicerContext) -> wire.Reservation:
        return _reservation(self._store.release(checked_order_id(request.order_id)))


def _reservation(reservation: Reservation) -> wire.Reservation:
    expire_time = Timestamp()
    expire_time.FromDatetime(reservation.expire_time)
    return wire.Reservation(
        order_id=reservation.order_id,
        lines=[wire.Line(product_id=line.product_id, quantity=line.quantity) for line in reservation.lines],
        state=reservation.state.value,
        expire_time=expire_time,
    )
