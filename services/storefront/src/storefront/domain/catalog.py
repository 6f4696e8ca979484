"""Products, categories and stock, and what the home page shows of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from nightmarket.limits import MAX_QUANTITY

LOW_STOCK = 5


@dataclass(frozen=True, slots=True)
class Product:
    """A product that is for sale."""

    id: str
    name: str
    description: str
    category: str
    price_cents: int
    image_url: str


@dataclass(frozen=True, slots=True)
class Category:
    """A category of products."""

    slug: str
    name: str
    tagline: str


@dataclass(frozen=True, slots=True)
class ProductPage:
    """One page of a product list. If `next_token` is empty, it is the last page."""

    products: tuple[Product, ...]
    next_token: str


class StockLevel(StrEnum):
    """The stock of a product as shown to a buyer."""

    UNKNOWN = "unknown"
    SOLD_OUT = "sold-out"
    LOW = "low"
    IN_STOCK = "in-stock"


@dataclass(frozen=True, slots=True)
class Stock:
    """The number of units in stock, or None if it is unknown."""

    units: int | None

    @property
    def level(self) -> StockLevel:
        """The level to show."""
        if self.units is None:
            return StockLevel.UNKNOWN
        if self.units <= 0:
            return StockLevel.SOLD_OUT
        return StockLevel.LOW if self.units <= LOW_STOCK else StockLevel.IN_STOCK

    @property
    def max_quantity(self) -> int:
        """How many units can be added to a cart.

        An unknown stock does not prevent an order: inventory checks the stock again when the order is placed.
        """
        return MAX_QUANTITY if self.units is None else min(self.units, MAX_QUANTITY)


def featured(products: Iterable[Product], day: date) -> list[Product]:
    """Return one product of each category, in the order of the categories. The choice changes every day."""
    by_category: dict[str, list[Product]] = {}
    for product in products:
        by_category.setdefault(product.category, []).append(product)
    return [choices[day.toordinal() % len(choices)] for choices in by_category.values()]


def category_covers(products: Iterable[Product], shown: Iterable[Product]) -> dict[str, Product]:
    """Return the product whose picture represents each category, by the category's slug.

    Prefers a product that is not among `shown`, so that a page does not show the same picture twice.
    """
    shown_ids = {product.id for product in shown}
    covers: dict[str, Product] = {}
    for product in products:
        cover = covers.setdefault(product.category, product)
        if cover.id in shown_ids and product.id not in shown_ids:
            covers[product.category] = product
    return covers
