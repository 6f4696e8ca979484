"""Products, categories, and the checks of queries for them."""

from dataclasses import dataclass

from nightmarket.limits import MAX_BATCH, MAX_QUERY


class ProductNotFound(Exception):
    """There is no product with this id."""


class QueryTooLong(Exception):
    """The search query is too long."""


class TooManyIds(Exception):
    """More products than one call may request."""


@dataclass(frozen=True)
class Product:
    """A product; the price is in cents."""

    id: str
    name: str
    description: str
    category: str
    price_cents: int


@dataclass(frozen=True)
class Category:
    """A category of products."""

    slug: str
    name: str
    tagline: str
    product_count: int


@dataclass(frozen=True)
class Selection:
    """A query for products by words and category; empty means any. Raises QueryTooLong."""

    query: str = ""
    category: str = ""

    def __post_init__(self) -> None:
        # PostgreSQL rejects NUL in text, and no product has one.
        object.__setattr__(self, "query", " ".join(self.query.replace("\0", " ").split()))
        object.__setattr__(self, "category", self.category.replace("\0", ""))
        if len(self.query) > MAX_QUERY:
            raise QueryTooLong(f"A search has at most {MAX_QUERY} characters.")

    @property
    def key(self) -> str:
        """A key that is the same for equal selections. A page token is valid for one key only."""
        return f"{self.category}\n{self.query.lower()}"


def checked_ids(ids: list[str]) -> list[str]:
    """Return the ids without duplicates, in the given order. Raises TooManyIds."""
    if len(ids) > MAX_BATCH:
        raise TooManyIds(f"One call returns at most {MAX_BATCH} products.")
    return list(dict.fromkeys(ids))
