"""What lies on the stalls."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Product:
    """Something that can be bought."""

    id: str
    name: str
    description: str
    category: str
    price_cents: int
    image_url: str


@dataclass(frozen=True, slots=True)
class Stall:
    """A category of products."""

    slug: str
    name: str
    tagline: str
    product_count: int


@dataclass(frozen=True, slots=True)
class Page:
    """Some products of a list; an empty token means that these are the last ones."""

    products: tuple[Product, ...]
    next_token: str
