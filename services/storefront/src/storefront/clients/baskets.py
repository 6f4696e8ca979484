"""The basket of the account that the current request belongs to."""

from chassis import money
from chassis.grpc_client import Channel
from nightmarket.cart.v1 import cart_pb2 as wire
from nightmarket.cart.v1.cart_pb2_grpc import CartServiceStub
from storefront.domain.basket import Basket, Item


class Baskets:
    """Reads and changes the basket; every method returns it as it is then. Raises the cart's MarketErrors."""

    def __init__(self, cart: Channel) -> None:
        self._cart = CartServiceStub(cart)

    def mine(self) -> Basket:
        """The basket as it is."""
        return _basket(self._cart.GetCart(wire.GetCartRequest()))

    def add(self, product_id: str, quantity: int) -> Basket:
        """Puts pieces in."""
        return _basket(self._cart.AddItem(wire.AddItemRequest(product_id=product_id, quantity=quantity)))

    def change(self, product_id: str, quantity: int) -> Basket:
        """Sets how many pieces are in it; 0 takes the product out."""
        return _basket(self._cart.SetItem(wire.SetItemRequest(product_id=product_id, quantity=quantity)))

    def remove(self, product_id: str) -> Basket:
        """Takes a product out."""
        return _basket(self._cart.RemoveItem(wire.RemoveItemRequest(product_id=product_id)))


def _basket(cart: wire.Cart) -> Basket:
    items = tuple(
        Item(
            item.product_id,
            item.name,
            item.quantity,
            money.from_wire(item.unit_price),
            money.from_wire(item.total),
            item.image_url,
        )
        for item in cart.items
    )
    return Basket(items, money.from_wire(cart.subtotal) if items else 0)
