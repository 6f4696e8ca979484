"""The two gRPC services of inventory: wire <-> domain."""

from google.protobuf.timestamp_pb2 import Timestamp
from grpc import ServicerContext

from chassis.errors import Conflict, ErrorMap, FailedPrecondition, Invalid, NotFound
from inventory.domain import reservations as domain
from inventory.domain.reservations import Line, Reservation
from inventory.service import InventoryService
from nightmarket.inventory.v1 import inventory_pb2 as wire
from nightmarket.inventory.v1.inventory_pb2_grpc import InventoryServiceServicer, ReservationServiceServicer
from nightmarket.limits import OrderIdInvalid

ERROR_MAP: ErrorMap = {
    domain.ProductNotFound: NotFound,
    domain.LinesEmpty: Invalid,
    domain.TooManyLines: Invalid,
    domain.ProductRepeated: Invalid,
    domain.QuantityInvalid: Invalid,
    domain.SoldOut: FailedPrecondition,
    OrderIdInvalid: Invalid,
    domain.ReservationNotFound: NotFound,
    domain.ReservationDiffers: Conflict,
    domain.ReservationReleased: FailedPrecondition,
    domain.ReservationExpired: FailedPrecondition,
}


class StockApi(InventoryServiceServicer):
    """Implements nightmarket.inventory.v1.InventoryService."""

    def __init__(self, service: InventoryService) -> None:
        self._service = service

    def GetStock(self, request: wire.GetStockRequest, context: ServicerContext) -> wire.Stock:
        available = self._service.available(request.product_id)
        return wire.Stock(product_id=request.product_id, available=available)


class ReservationApi(ReservationServiceServicer):
    """Implements nightmarket.inventory.v1.ReservationService."""

    def __init__(self, service: InventoryService) -> None:
        self._service = service

    def Reserve(self, request: wire.ReserveRequest, context: ServicerContext) -> wire.Reservation:
        lines = [Line(line.product_id, line.quantity) for line in request.lines]
        return _reservation(self._service.reserve(request.order_id, lines))

    def Commit(self, request: wire.CommitRequest, context: ServicerContext) -> wire.Reservation:
        return _reservation(self._service.commit(request.order_id))

    def Release(self, request: wire.ReleaseRequest, context: ServicerContext) -> wire.Reservation:
        return _reservation(self._service.release(request.order_id))


def _reservation(reservation: Reservation) -> wire.Reservation:
    expire_time = Timestamp()
    expire_time.FromDatetime(reservation.expire_time)
    return wire.Reservation(
        order_id=reservation.order_id,
        lines=[wire.Line(product_id=line.product_id, quantity=line.quantity) for line in reservation.lines],
        state=reservation.state.value,
        expire_time=expire_time,
    )
