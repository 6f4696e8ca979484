"""What the market sells, and what may be asked about it."""

from dataclasses import dataclass

LONGEST_QUERY = 200
MOST_IDS = 100


class ProductNotFound(Exception):
    """No product has this id."""


class QueryTooLong(Exception):
    """More words than anybody searches for."""


class TooManyIds(Exception):
    """More products than one call may ask for."""


@dataclass(frozen=True)
class Product:
    """Something that can be bought; the price is in cents."""

    id: str
    name: str
    description: str
    category: str
    price_cents: int


@dataclass(frozen=True)
class Category:
    """A stall of the market."""

    slug: str
    name: str
    tagline: str
    product_count: int


@dataclass(frozen=True)
class Selection:
    """Which products are wanted: words to search for and a category; empty means any. Raises QueryTooLong."""

    query: str = ""
    category: str = ""

    def __post_init__(self) -> None:
        # PostgreSQL has no NUL in text, and no product has one either.
        object.__setattr__(self, "query", " ".join(self.query.replace("\0", " ").split()))
        object.__setattr__(self, "category", self.category.replace("\0", ""))
        if len(self.query) > LONGEST_QUERY:
            raise QueryTooLong(f"A search has at most {LONGEST_QUERY} characters.")

    @property
    def key(self) -> str:
        """The same for equal selections; page tokens are bound to it."""
        return f"{self.category}\n{self.query.lower()}"


def checked_ids(ids: list[str]) -> list[str]:
    """The ids, each once, in the order asked for. Raises TooManyIds."""
    if len(ids) > MOST_IDS:
        raise TooManyIds(f"One call returns at most {MOST_IDS} products.")
    return list(dict.fromkeys(ids))
