"""Shipping's gRPC service: wire <-> domain."""

from grpc import ServicerContext

from chassis import money
from chassis.errors import Invalid, NotFound, Refusals, Refused
from nightmarket.shipping.v1 import shipping_pb2 as wire
from nightmarket.shipping.v1.shipping_pb2_grpc import ShippingServiceServicer
from shipping.domain.consignments import (
    Consignment,
    ConsignmentNotFound,
    OrderIdInvalid,
    OrderShipped,
    checked_order_id,
)
from shipping.domain.quotes import AmountInvalid, CountryInvalid, PiecesInvalid, quote
from shipping.store import Store

REFUSALS: Refusals = {
    AmountInvalid: Invalid,
    ConsignmentNotFound: NotFound,
    CountryInvalid: Invalid,
    OrderIdInvalid: Invalid,
    OrderShipped: Refused,
    PiecesInvalid: Invalid,
}


class ShippingApi(ShippingServiceServicer):
    """Answers nightmarket.shipping.v1.ShippingService."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def GetQuote(self, request: wire.GetQuoteRequest, context: ServicerContext) -> wire.Quote:
        cost = quote(request.country_code, request.pieces, money.from_wire(request.subtotal))
        return wire.Quote(cost=money.to_wire(cost))

    def GetConsignment(
        self, request: wire.GetConsignmentRequest, context: ServicerContext
    ) -> wire.Consignment:
        return _consignment(self._store.consignment(checked_order_id(request.order_id)))

    def WithholdConsignment(
        self, request: wire.WithholdConsignmentRequest, context: ServicerContext
    ) -> wire.Consignment:
        return _consignment(self._store.withhold(checked_order_id(request.order_id)))


def _consignment(consignment: Consignment) -> wire.Consignment:
    return wire.Consignment(
        order_id=consignment.order_id,
        tracking_number=consignment.tracking_number,
        consign_time=consignment.consign_time,
        state=consignment.state.value,
    )
