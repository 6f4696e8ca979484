"""The gRPC service of shipping: the translation between wire and domain."""

from grpc import ServicerContext

from chassis import money
from chassis.errors import ErrorMap, FailedPrecondition, Invalid, NotFound
from nightmarket.limits import OrderIdInvalid
from nightmarket.shipping.v1 import shipping_pb2 as wire
from nightmarket.shipping.v1.shipping_pb2_grpc import ShippingServiceServicer
from shipping.domain.quotes import AmountInvalid, CountryInvalid, QuantityInvalid
from shipping.domain.shipments import OrderShipped, Shipment, ShipmentNotFound
from shipping.service import ShippingService

ERROR_MAP: ErrorMap = {
    AmountInvalid: Invalid,
    CountryInvalid: Invalid,
    OrderIdInvalid: Invalid,
    OrderShipped: FailedPrecondition,
    QuantityInvalid: Invalid,
    ShipmentNotFound: NotFound,
}


class ShippingApi(ShippingServiceServicer):
    """Implements nightmarket.shipping.v1.ShippingService."""

    def __init__(self, shipping: ShippingService) -> None:
        self._shipping = shipping

    def GetQuote(self, request: wire.GetQuoteRequest, context: ServicerContext) -> wire.Quote:
        subtotal_cents = money.from_wire(request.subtotal)
        cost_cents = self._shipping.quote(request.country_code, request.quantity, subtotal_cents)
        return wire.Quote(cost=money.to_wire(cost_cents))

    def GetShipment(self, request: wire.GetShipmentRequest, context: ServicerContext) -> wire.Shipment:
        return _shipment(self._shipping.shipment(request.order_id))

    def CancelShipment(self, request: wire.CancelShipmentRequest, context: ServicerContext) -> wire.Shipment:
        return _shipment(self._shipping.cancel(request.order_id))


def _shipment(shipment: Shipment) -> wire.Shipment:
    return wire.Shipment(
        order_id=shipment.order_id,
        tracking_number=shipment.tracking_number,
        ship_time=shipment.ship_time,
        state=shipment.state.value,
    )
