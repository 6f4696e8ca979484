"""A cart at today's prices."""

from collections.abc import Mapping
from dataclasses import dataclass

from cart.domain.carts import Cart
from nightmarket.limits import MAX_PRODUCT_ID


class ProductNotFound(Exception):
    """No product has this ID."""


@dataclass(frozen=True)
class Product:
    """A product of the catalog, with the price of one unit in cents."""

    id: str
    name: str
    price_cents: int
    image_url: str


@dataclass(frozen=True)
class Item:
    """A line of a cart with its product."""

    product: Product
    quantity: int

    @property
    def total_cents(self) -> int:
        """The price of all units."""
        return self.product.price_cents * self.quantity


def check_product_id(product_id: str) -> str:
    """Return the ID. Raises ProductNotFound if no product can have it."""
    if len(product_id) > MAX_PRODUCT_ID or not product_id.isprintable():
        raise ProductNotFound("There is no such product.")
    return product_id


def priced(cart: Cart, products: Mapping[str, Product]) -> list[Item]:
    """Return the cart's lines with their products. A product that is no longer sold is left out."""
    return [
        Item(products[line.product_id], line.quantity) for line in cart.lines if line.product_id in products
    ]


def subtotal_cents(items: list[Item]) -> int:
    """Return the price of all items, without shipping."""
    return sum(item.total_cents for item in items)
