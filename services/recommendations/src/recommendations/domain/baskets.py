"""What a basket teaches about products that go together."""

from collections.abc import Iterable
from itertools import permutations
from typing import NamedTuple

# Who buys more different things than this shops for a restaurant: it says little about what goes together.
MOST_PRODUCTS = 50


class Lesson(NamedTuple):
    """What one order adds to the counts: its products, and its pairs both ways round; sorted, each once."""

    products: list[str]
    pairs: list[tuple[str, str]]


def lesson_of(product_ids: Iterable[str]) -> Lesson:
    """The lesson of an order with these products. How many pieces were bought of each makes no difference."""
    products = sorted({product_id for product_id in product_ids if product_id})
    pairs = list(permutations(products, 2)) if len(products) <= MOST_PRODUCTS else []
    return Lesson(products, pairs)
