"""The use cases of shipping."""

from nightmarket.limits import check_order_id
from shipping.domain.quotes import quote
from shipping.domain.shipments import Shipment
from shipping.store import Store


class ShippingService:
    """Quotes the cost of shipping, and finds and cancels shipments. events.py creates them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def quote(self, country_code: str, quantity: int, subtotal_cents: int) -> int:
        """Return the cost in cents. Raises CountryInvalid, QuantityInvalid, AmountInvalid."""
        return quote(country_code, quantity, subtotal_cents)

    def shipment(self, order_id: str) -> Shipment:
        """Return the shipment of an order. Raises OrderIdInvalid, ShipmentNotFound."""
        return self._store.shipment(check_order_id(order_id))

    def cancel(self, order_id: str) -> Shipment:
        """Cancel the shipment of an order, even one that does not exist yet. Raises OrderIdInvalid, OrderShipped."""
        return self._store.cancel(check_order_id(order_id))
