"""The basket at today's prices."""

from collections.abc import Mapping
from dataclasses import dataclass

from cart.domain.baskets import Basket

LONGEST_PRODUCT_ID = 64


class ProductNotFound(Exception):
    """No product has this id."""


@dataclass(frozen=True)
class Product:
    """What the catalogue says of a product; the price of one piece is in cents."""

    id: str
    name: str
    price_cents: int
    image_url: str


@dataclass(frozen=True)
class Item:
    """So many pieces of a product."""

    product: Product
    quantity: int

    @property
    def total_cents(self) -> int:
        """What all pieces cost together."""
        return self.product.price_cents * self.quantity


def checked_product_id(product_id: str) -> str:
    """The id, if a product may be called so. Raises ProductNotFound."""
    if len(product_id) > LONGEST_PRODUCT_ID or not product_id.isprintable():
        raise ProductNotFound("There is no such product.")
    return product_id


def priced(basket: Basket, products: Mapping[str, Product]) -> list[Item]:
    """The basket's lines with their products; what is no longer sold is left out."""
    return [
        Item(products[line.product_id], line.quantity) for line in basket.lines if line.product_id in products
    ]


def subtotal_cents(items: list[Item]) -> int:
    """What the items cost together, without shipping."""
    return sum(item.total_cents for item in items)
