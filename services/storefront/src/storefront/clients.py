"""The clients of the services that the storefront calls."""

import contextvars
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC
from typing import ParamSpec, TypeVar

import flask

from chassis import context, money
from chassis.errors import AppError, Unavailable
from chassis.grpc_client import Channel
from nightmarket.cart.v1 import cart_pb2
from nightmarket.cart.v1.cart_pb2_grpc import CartServiceStub
from nightmarket.catalog.v1 import catalog_pb2
from nightmarket.catalog.v1.catalog_pb2_grpc import CatalogServiceStub
from nightmarket.inventory.v1.inventory_pb2 import GetStockRequest
from nightmarket.inventory.v1.inventory_pb2_grpc import InventoryServiceStub
from nightmarket.limits import ORDERS_PAGE_SIZE, PRODUCTS_PAGE_SIZE, RECOMMENDATIONS_PAGE_SIZE
from nightmarket.orders.v1 import orders_pb2
from nightmarket.orders.v1.orders_pb2_grpc import OrdersServiceStub
from nightmarket.recommendations.v1.recommendations_pb2 import ListRecommendationsRequest
from nightmarket.recommendations.v1.recommendations_pb2_grpc import RecommendationsServiceStub
from storefront.accounts_client import AccountsClient
from storefront.config import Config
from storefront.domain.cart import Cart, CartItem
from storefront.domain.catalog import Category, Product, ProductPage, Stock
from storefront.domain.orders import Address, JourneyStep, Order, OrderLine, OrderPage, OrderState

log = logging.getLogger(__name__)
P = ParamSpec("P")
ResultT = TypeVar("ResultT")

# A product page works without these two answers, so it does not wait long for them.
_STOCK_TIMEOUT = 0.5
_RECOMMENDATIONS_TIMEOUT = 0.3
# Placing an order calls five services and the bank. The gateway allows 20 s for the whole page.
_ORDER_TIMEOUT = 15.0
_MAX_CONCURRENT_CALLS = 16
_STATES = {
    orders_pb2.Order.State.PENDING: OrderState.PENDING,
    orders_pb2.Order.State.CONFIRMED: OrderState.CONFIRMED,
    orders_pb2.Order.State.SHIPPED: OrderState.SHIPPED,
    orders_pb2.Order.State.CANCELLED: OrderState.CANCELLED,
}


class CatalogClient:
    """Reads products, their stock and their recommendations. Raises AppError only if the catalog fails."""

    def __init__(self, catalog: Channel, inventory: Channel, recommendations: Channel) -> None:
        self._catalog = CatalogServiceStub(catalog)
        self._inventory = InventoryServiceStub(inventory)
        self._recommendations = RecommendationsServiceStub(recommendations)

    def categories(self) -> list[Category]:
        """Return all categories in display order."""
        response = self._catalog.ListCategories(catalog_pb2.ListCategoriesRequest())
        return [Category(c.slug, c.name, c.tagline) for c in response.categories]

    def list_products(
        self, query: str = "", category: str = "", size: int = PRODUCTS_PAGE_SIZE, page_token: str = ""
    ) -> ProductPage:
        """Return up to `size` products that match the words and the category.

        `page_token` is the `next_token` of the page before.
        """
        response = self._catalog.ListProducts(
            catalog_pb2.ListProductsRequest(
                query=query, category=category, page_size=size, page_token=page_token
            )
        )
        return ProductPage(tuple(map(_product, response.products)), response.next_page_token)

    def get_products(self, product_ids: list[str]) -> list[Product]:
        """Return the products with these ids, in this order. Unknown ids are left out."""
        response = self._catalog.BatchGetProducts(catalog_pb2.BatchGetProductsRequest(ids=product_ids))
        return [_product(product) for product in response.products]

    def stock(self, product_id: str) -> Stock:
        """Return the stock of a product. It is unknown if inventory does not answer."""
        try:
            request = GetStockRequest(product_id=product_id)
            return Stock(self._inventory.GetStock(request, timeout=_STOCK_TIMEOUT).available)
        except AppError as error:
            _log_omission("stock unavailable; page shown without it", error)
            return Stock(None)

    def recommendations(self, product_id: str) -> list[str]:
        """Return the ids of products often bought with this one. Empty if recommendations does not answer."""
        try:
            request = ListRecommendationsRequest(product_id=product_id, page_size=RECOMMENDATIONS_PAGE_SIZE)
            response = self._recommendations.ListRecommendations(request, timeout=_RECOMMENDATIONS_TIMEOUT)
            return [product.id for product in response.products if product.id != product_id]
        except AppError as error:
            _log_omission("recommendations unavailable; page shown without them", error)
            return []


class CartClient:
    """Reads and changes the cart of the account that sent the current request. Raises the cart's AppErrors."""

    def __init__(self, cart: Channel) -> None:
        self._cart = CartServiceStub(cart)

    def get(self) -> Cart:
        """Return the cart."""
        cart = self._cart.GetCart(cart_pb2.GetCartRequest())
        items = tuple(map(_cart_item, cart.items))
        return Cart(items, money.from_wire(cart.subtotal) if items else 0)

    def add(self, product_id: str, quantity: int) -> None:
        """Add units of a product."""
        self._cart.AddItem(cart_pb2.AddItemRequest(product_id=product_id, quantity=quantity))

    def set(self, product_id: str, quantity: int) -> None:
        """Set the quantity of a product. If it is 0, the product is removed."""
        self._cart.SetItem(cart_pb2.SetItemRequest(product_id=product_id, quantity=quantity))

    def remove(self, product_id: str) -> None:
        """Remove a product."""
        self._cart.RemoveItem(cart_pb2.RemoveItemRequest(product_id=product_id))


class OrdersClient:
    """Places, reads and cancels orders of the account that sent the current request. Raises orders' AppErrors."""

    def __init__(self, orders: Channel) -> None:
        self._orders = OrdersServiceStub(orders)

    def place(self, address: Address, payment_token: str, idempotency_key: str) -> str:
        """Order what is in the cart and return the order's id. The same key always means the same order."""
        request = orders_pb2.PlaceOrderRequest(
            shipping_address=orders_pb2.Address(**asdict(address)), payment_token=payment_token
        )
        metadata = ((context.IDEMPOTENCY_KEY, idempotency_key),)
        placed: orders_pb2.Order = self._orders.PlaceOrder(request, timeout=_ORDER_TIMEOUT, metadata=metadata)
        return placed.id

    def get(self, order_id: str) -> Order:
        """Return an order with its journey."""
        return _order(self._orders.GetOrder(orders_pb2.GetOrderRequest(id=order_id)))

    def list_orders(self, size: int = ORDERS_PAGE_SIZE, page_token: str = "") -> OrderPage:
        """Return up to `size` orders, newest first. `page_token` is the `next_token` of the page before."""
        response = self._orders.ListOrders(
            orders_pb2.ListOrdersRequest(page_size=size, page_token=page_token)
        )
        return OrderPage(tuple(map(_order, response.orders)), response.next_page_token)

    def cancel(self, order_id: str) -> None:
        """Cancel an order that has not shipped."""
        self._orders.CancelOrder(orders_pb2.CancelOrderRequest(id=order_id), timeout=_ORDER_TIMEOUT)


@dataclass(frozen=True)
class Clients:
    """All clients, the gRPC channels by service, and the threads for concurrent calls."""

    catalog: CatalogClient
    cart: CartClient
    orders: OrdersClient
    accounts: AccountsClient
    channels: Mapping[str, Channel]
    executor: ThreadPoolExecutor

    def concurrently(self, call: Callable[P, ResultT], *args: P.args, **kwargs: P.kwargs) -> Future[ResultT]:
        """Run `call` in another thread while this thread makes a different call.

        The deadline, the account and the trace of the current request go with it. Raises Unavailable (STOPPING)
        after `close`.
        """
        current_context = contextvars.copy_context()
        try:
            return self.executor.submit(lambda: current_context.run(call, *args, **kwargs))
        except RuntimeError as stopped:
            raise Unavailable("STOPPING", "The shop is stopping. Try again.") from stopped

    def close(self) -> None:
        """Stop the threads and close all connections."""
        self.executor.shutdown(cancel_futures=True)
        for channel in self.channels.values():
            channel.close()


def connect(config: Config) -> Clients:
    """Return clients for the addresses in `config`. They connect on first use, so a service may be down."""
    addresses = {
        "catalog": config.catalog_addr,
        "inventory": config.inventory_addr,
        "recommendations": config.recommendations_addr,
        "cart": config.cart_addr,
        "orders": config.orders_addr,
    }
    channels = {name: Channel(name, address) for name, address in addresses.items()}
    return Clients(
        catalog=CatalogClient(channels["catalog"], channels["inventory"], channels["recommendations"]),
        cart=CartClient(channels["cart"]),
        orders=OrdersClient(channels["orders"]),
        accounts=AccountsClient(config.accounts_url),
        channels=channels,
        executor=ThreadPoolExecutor(_MAX_CONCURRENT_CALLS, "concurrent-call"),
    )


def clients() -> Clients:
    """Return the clients of the current app."""
    found: Clients = flask.current_app.extensions["clients"]
    return found


def _log_omission(event: str, error: AppError) -> None:
    log.warning(event, extra={"reason": error.reason, **error.metadata})


def _product(product: catalog_pb2.Product) -> Product:
    return Product(
        product.id,
        product.name,
        product.description,
        product.category,
        money.from_wire(product.price),
        product.image_url,
    )


def _cart_item(item: cart_pb2.CartItem) -> CartItem:
    return CartItem(
        item.product_id,
        item.name,
        item.quantity,
        money.from_wire(item.unit_price),
        money.from_wire(item.total),
        item.image_url,
    )


def _order(order: orders_pb2.Order) -> Order:
    address = order.shipping.address
    return Order(
        id=order.id,
        state=_STATES[order.state],
        lines=tuple(map(_order_line, order.lines)),
        address=Address(
            address.name,
            address.line1,
            address.line2,
            address.city,
            address.postal_code,
            address.country_code,
        ),
        subtotal_cents=money.from_wire(order.subtotal),
        shipping_cents=money.from_wire(order.shipping.cost),
        total_cents=money.from_wire(order.total),
        tracking_number=order.shipping.tracking_number,
        create_time=order.create_time.ToDatetime(UTC),
        cancel_reason=order.cancel_reason,
        journey=tuple(map(_journey_step, order.journey)),
    )


def _order_line(line: orders_pb2.OrderLine) -> OrderLine:
    return OrderLine(line.product_id, line.name, line.quantity, money.from_wire(line.total))


def _journey_step(step: orders_pb2.JourneyStep) -> JourneyStep:
    return JourneyStep(step.step, step.service, step.time.ToDatetime(UTC), step.outcome, step.detail)
