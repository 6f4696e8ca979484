"""The clients of the services that orders calls."""

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

_BANK_SECONDS = 6.0  # payments waits for the bank, which may be slow
_QUOTE_SECONDS = 1.0  # if shipping is slower, the order ships at a flat rate


@dataclass(frozen=True)
class Clients:
    """One stub for each service, and what checkout needs of it. Methods raise AppError."""

    catalog: CatalogServiceStub
    cart: CheckoutCartServiceStub
    inventory: ReservationServiceStub
    payments: PaymentsServiceStub
    shipping: ShippingServiceStub

    def priced_cart(self) -> tuple[Line, ...]:
        """Return the caller's cart with today's names and prices. Raises CartEmpty and ProductGone."""
        contents = self.cart.GetContents(cart_pb2.GetContentsRequest()).lines
        if not contents:
            raise CartEmpty("The cart is empty.")
        request = catalog_pb2.BatchGetProductsRequest(ids=[line.product_id for line in contents])
        products = {product.id: product for product in self.catalog.BatchGetProducts(request).products}
        if gone := [line.product_id for line in contents if line.product_id not in products]:
            raise ProductGone(f"No longer sold, remove from the cart: {', '.join(gone)}")
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
        """Return the cost of shipping the lines."""
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
        """Reserve the stock."""
        lines = [
            inventory_pb2.Line(product_id=line.product_id, quantity=line.quantity) for line in order.lines
        ]
        self.inventory.Reserve(inventory_pb2.ReserveRequest(order_id=order.id, lines=lines))

    def commit(self, order: Order) -> None:
        """Turn the reservation into a sale."""
        self.inventory.Commit(inventory_pb2.CommitRequest(order_id=order.id))

    def release(self, order: Order) -> None:
        """Return the stock. From then on, none can be reserved for this order."""
        self.inventory.Release(inventory_pb2.ReleaseRequest(order_id=order.id))

    def authorize(self, order: Order) -> None:
        """Hold the money."""
        self.payments.Authorize(
            payments_pb2.AuthorizeRequest(
                order_id=order.id, amount=money.to_wire(order.total_cents), payment_token=order.payment_token
            ),
            timeout=_BANK_SECONDS,
        )

    def capture(self, order: Order) -> None:
        """Capture the money."""
        self.payments.Capture(payments_pb2.CaptureRequest(order_id=order.id), timeout=_BANK_SECONDS)

    def cancel_payment(self, order: Order) -> None:
        """Void or refund the payment."""
        self.payments.Cancel(payments_pb2.CancelRequest(order_id=order.id), timeout=_BANK_SECONDS)

    def clear_cart(self, order: Order) -> None:
        """Remove what was bought from the cart."""
        lines = [
            cart_pb2.ContentsLine(product_id=line.product_id, quantity=line.quantity, number=line.cart_line)
            for line in order.lines
        ]
        self.cart.RemoveBought(cart_pb2.RemoveBoughtRequest(order_id=order.id, lines=lines))

    def cancel_shipment(self, order: Order) -> None:
        """Cancel the shipment. The carrier must not have it yet."""
        self.shipping.CancelShipment(shipping_pb2.CancelShipmentRequest(order_id=order.id))
