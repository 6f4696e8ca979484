"""The gRPC services of the cart: the translation between wire and domain."""

from grpc import ServicerContext

from cart.domain.carts import CartFull, Line, QuantityInvalid
from cart.domain.prices import Item, ProductNotFound, subtotal_cents
from cart.service import CartService
from chassis import money
from chassis.context import current
from chassis.errors import ErrorMap, FailedPrecondition, Invalid, NotFound
from nightmarket.cart.v1 import cart_pb2 as wire
from nightmarket.cart.v1.cart_pb2_grpc import CartServiceServicer, CheckoutCartServiceServicer
from nightmarket.limits import OrderIdInvalid

ERROR_MAP: ErrorMap = {
    CartFull: FailedPrecondition,
    OrderIdInvalid: Invalid,
    ProductNotFound: NotFound,
    QuantityInvalid: Invalid,
}


class CartApi(CartServiceServicer):
    """Implements nightmarket.cart.v1.CartService."""

    def __init__(self, carts: CartService) -> None:
        self._carts = carts

    def GetCart(self, request: wire.GetCartRequest, context: ServicerContext) -> wire.Cart:
        return _cart(self._carts.items(current().account_id()))

    def AddItem(self, request: wire.AddItemRequest, context: ServicerContext) -> wire.Cart:
        return _cart(self._carts.add(current().account_id(), request.product_id, request.quantity))

    def SetItem(self, request: wire.SetItemRequest, context: ServicerContext) -> wire.Cart:
        return _cart(self._carts.set(current().account_id(), request.product_id, request.quantity))

    def RemoveItem(self, request: wire.RemoveItemRequest, context: ServicerContext) -> wire.Cart:
        return _cart(self._carts.remove(current().account_id(), request.product_id))


class CheckoutApi(CheckoutCartServiceServicer):
    """Implements nightmarket.cart.v1.CheckoutCartService."""

    def __init__(self, carts: CartService) -> None:
        self._carts = carts

    def GetContents(self, request: wire.GetContentsRequest, context: ServicerContext) -> wire.Contents:
        lines = self._carts.lines(current().account_id())
        return wire.Contents(
            lines=[
                wire.ContentsLine(product_id=line.product_id, quantity=line.quantity, number=line.number)
                for line in lines
            ]
        )

    def RemoveBought(
        self, request: wire.RemoveBoughtRequest, context: ServicerContext
    ) -> wire.RemoveBoughtResponse:
        bought = [Line(line.product_id, line.quantity, line.number) for line in request.lines]
        self._carts.remove_bought(current().account_id(), request.order_id, bought)
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
