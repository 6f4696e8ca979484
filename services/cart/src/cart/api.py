"""The cart's two gRPC services: wire <-> domain."""

from grpc import ServicerContext
from prometheus_client import Counter

from cart.domain.baskets import CartFull, Line, OrderIdInvalid, QuantityInvalid, checked
from cart.domain.prices import Item, ProductNotFound, subtotal_cents
from cart.shopping import Shopping
from cart.store import Store
from chassis import money
from chassis.context import current
from chassis.errors import ErrorMap, FailedPrecondition, Invalid, NotFound
from nightmarket.cart.v1 import cart_pb2 as wire
from nightmarket.cart.v1.cart_pb2_grpc import CartServiceServicer, CheckoutCartServiceServicer

ERROR_MAP: ErrorMap = {
    CartFull: FailedPrecondition,
    OrderIdInvalid: Invalid,
    ProductNotFound: NotFound,
    QuantityInvalid: Invalid,
}
EDITS = Counter("market_cart_edits_total", "Edits of baskets that succeeded.", ["edit"])


class CartApi(CartServiceServicer):
    """Answers nightmarket.cart.v1.CartService."""

    def __init__(self, shopping: Shopping) -> None:
        self._shopping = shopping

    def GetCart(self, request: wire.GetCartRequest, context: ServicerContext) -> wire.Cart:
        return _cart(self._shopping.basket(current().account_id()))

    def AddItem(self, request: wire.AddItemRequest, context: ServicerContext) -> wire.Cart:
        account_id, product_id = current().account_id(), request.product_id
        more = checked(request.quantity, at_least=1)
        items = self._shopping.put(account_id, product_id, lambda basket: basket.add(product_id, more))
        EDITS.labels("add").inc()
        return _cart(items)

    def SetItem(self, request: wire.SetItemRequest, context: ServicerContext) -> wire.Cart:
        account_id, product_id = current().account_id(), request.product_id
        pieces = checked(request.quantity, at_least=0)
        if pieces:
            items = self._shopping.put(account_id, product_id, lambda basket: basket.set(product_id, pieces))
        else:
            items = self._shopping.take_out(account_id, product_id)
        EDITS.labels("set").inc()
        return _cart(items)

    def RemoveItem(self, request: wire.RemoveItemRequest, context: ServicerContext) -> wire.Cart:
        items = self._shopping.take_out(current().account_id(), request.product_id)
        EDITS.labels("remove").inc()
        return _cart(items)


class CheckoutApi(CheckoutCartServiceServicer):
    """Answers nightmarket.cart.v1.CheckoutCartService."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def GetContents(self, request: wire.GetContentsRequest, context: ServicerContext) -> wire.Contents:
        lines = self._store.basket(current().account_id()).lines
        return wire.Contents(
            lines=[
                wire.ContentsLine(product_id=line.product_id, quantity=line.quantity, number=line.number)
                for line in lines
            ]
        )

    def RemoveBought(
        self, request: wire.RemoveBoughtRequest, context: ServicerContext
    ) -> wire.RemoveBoughtResponse:
        account_id, order_id = current().account_id(), request.order_id
        bought = [Line(line.product_id, line.quantity, line.number) for line in request.lines]
        self._store.change(account_id, lambda basket: basket.remove_bought(order_id, bought))
        EDITS.labels("buy").inc()
        return wire.RemoveBoughtResponse()


def _cart(items: list[Item]) -> wire.Cart:
    return wire.Cart(items=map(_item, items), subtotal=money.to_wire(subtotal_cents(items)))


def _item(item: Item) -> wire.CartItem:
    return wire.CartItem(
        product_id=item.product.id,
        quantity=item.quantity,
        name=item.product.name,
        unit_price=money.to_wire(item.product.price_cents),
        total=money.to_wire(item.total_cents),
        image_url=item.product.image_url,
    )
