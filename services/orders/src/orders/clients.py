"""The services that orders calls: what checkout needs of each, in the domain's words."""

from dataclasses import dataclass

from chassis import money
from nightmarket.cart.v1 import cart_pb2
from nightmarket.cart.v1.cart_pb2_grpc import CheckoutCartServiceStub
from nightmarket.catalog.v1 import catalog_pb2
from nightmarket.catalog.v1.catalog_pb2_grpc import CatalogServiceStub
from nightmarket.inventory.v1 import inventory_pb2
from nightmarket.inventory.v1.inventory_pb2_grpc import ReservationServiceStub
from nightmarket.payments.v1 import payments_pb2
from nightmarket.payments.v1.payments_pb2_grpc import PaymentsServiceStub
from nightmarket.shipping.v1 import shipping_pb2
from nightmarket.shipping.v1.shipping_pb2_grpc import ShippingServiceStub
from orders.domain.orders import CartEmpty, Line, Order, ProductGone

_BANK_SECONDS = 6.0  # the bank may be slow; payments waits for it
_QUOTE_SECONDS = 1.0  # nobody waits longer to learn what sending costs: there is a flat rate


@dataclass(frozen=True)
class Clients:
    """One stub for each service."""

    catalog: CatalogServiceStub
    cart: CheckoutCartServiceStub
    inventory: ReservationServiceStub
    payments: PaymentsServiceStub
    shipping: ShippingServiceStub

    def priced_basket(self) -> tuple[Line, ...]:
        """The caller's basket at today's names and prices. Raises CartEmpty and ProductGone."""
        contents = self.cart.GetContents(cart_pb2.GetContentsRequest()).lines
        if not contents:
            raise CartEmpty("There is nothing in the basket.")
        asked = catalog_pb2.BatchGetProductsRequest(ids=[line.product_id for line in contents])
        products = {product.id: product for product in self.catalog.BatchGetProducts(asked).products}
        if gone := [line.product_id for line in contents if line.product_id not in products]:
            raise ProductGone(f"Not sold any more, take it out of the basket: {', '.join(gone)}")
        return tuple(
            Line(
                line.product_id,
                products[line.product_id].name,
                line.quantity,
                money.from_wire(products[line.product_id].price),
                line.number,
            )
            for line in contents
        )

    def shipping_cents(self, country_code: str, lines: tuple[Line, ...]) -> int:
        """What sending the lines costs. Raises shipping's own errors."""
        quote = self.shipping.GetQuote(
            shipping_pb2.GetQuoteRequest(
                country_code=country_code,
                quantity=sum(line.quantity for line in lines),
                subtotal=money.to_wire(sum(line.total_cents for line in lines)),
            ),
            timeout=_QUOTE_SECONDS,
        )
        return money.from_wire(quote.cost)

    def reserve(self, order: Order) -> None:
        """Keeps the pieces."""
        lines = [
            inventory_pb2.Line(product_id=line.product_id, quantity=line.quantity) for line in order.lines
        ]
        self.inventory.Reserve(inventory_pb2.ReserveRequest(order_id=order.id, lines=lines))

    def commit(self, order: Order) -> None:
        """Turns the reservation into a sale."""
        self.inventory.Commit(inventory_pb2.CommitRequest(order_id=order.id))

    def release(self, order: Order) -> None:
        """Gives the pieces back; from now on none can be kept."""
        self.inventory.Release(inventory_pb2.ReleaseRequest(order_id=order.id))

    def authorize(self, order: Order) -> None:
        """Asks for the money."""
        self.payments.Authorize(
            payments_pb2.AuthorizeRequest(
                order_id=order.id, amount=money.to_wire(order.total_cents), payment_token=order.payment_token
            ),
            timeout=_BANK_SECONDS,
        )

    def capture(self, order: Order) -> None:
        """Takes the money."""
        self.payments.Capture(payments_pb2.CaptureRequest(order_id=order.id), timeout=_BANK_SECONDS)

    def cancel_payment(self, order: Order) -> None:
        """Lets the money go, or gives it back."""
        self.payments.Cancel(payments_pb2.CancelRequest(order_id=order.id), timeout=_BANK_SECONDS)

    def clear_basket(self, order: Order) -> None:
        """Takes what was bought out of the basket."""
        lines = [
            cart_pb2.ContentsLine(product_id=line.product_id, quantity=line.quantity, number=line.cart_line)
            for line in order.lines
        ]
        self.cart.RemoveBought(cart_pb2.RemoveBoughtRequest(order_id=order.id, lines=lines))

    def withhold(self, order: Order) -> None:
        """Keeps the parcel from leaving."""
        self.shipping.CancelShipment(shipping_pb2.CancelShipmentRequest(order_id=order.id))
