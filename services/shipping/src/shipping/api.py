"""Shipping's gRPC service: wire <-> domain."""

from grpc import ServicerContext

from chassis import money
from chassis.errors import Invalid, NotFound, Refusals, Refused
from nightmarket.shipping.v1 import shipping_pb2 as wire
from nightmarket.shipping.v1.shipping_pb2_grpc import ShippingServiceServicer
from shipping.domain.quotes import AmountInvalid, CountryInvalid, QuantityInvalid, quote
from shipping.domain.shipments import (
    OrderIdInvalid,
    OrderShipped,
    Shipment,
    ShipmentNotFound,
    checked_order_id,
)
from shipping.store import Store

REFUSALS: Refusals = {
    AmountInvalid: Invalid,
    ShipmentNotFound: NotFound,
    CountryInvalid: Invalid,
    OrderIdInvalid: Invalid,
    OrderShipped: Refused,
    QuantityInvalid: Invalid,
}


class ShippingApi(ShippingServiceServicer):
    """Answers nightmarket.shipping.v1.ShippingService."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def GetQuote(self, request: wire.GetQuoteRequest, context: ServicerContext) -> wire.Quote:
        cost = quote(request.country_code, request.quantity, money.from_wire(request.subtotal))
        return wire.Quote(cost=money.to_wire(cost))

    def GetShipment(self, request: wire.GetShipmentRequest, context: ServicerContext) -> wire.Shipment:
        return _shipment(self._store.shipment(checked_order_id(request.order_id)))

    def CancelShipment(self, request: wire.CancelShipmentRequest, context: ServicerContext) -> wire.Shipment:
        return _shipment(self._store.withhold(checked_order_id(request.order_id)))


def _shipment(shipment: Shipment) -> wire.Shipment:
    return wire.Shipment(
        order_id=shipment.order_id,
        tracking_number=shipment.tracking_number,
        ship_time=shipment.ship_time,
        state=shipment.state.value,
    )
