"""Recommendations: how orders are counted, and the models that rank the counts."""

from collections.abc import Iterable
from enum import StrEnum
from itertools import permutations
from typing import NamedTuple

# Larger orders say little about which products go together, and their pairs grow with the square of the products.
MAX_PAIRED_PRODUCTS = 50


class Model(StrEnum):
    """How products that were bought together are ranked.

    v1 ranks by the number of orders that had both products. v2 ranks by cosine similarity, both / sqrt(one * other),
    so that products that sell with everything rank lower. One of the two is the requested product, which is the same
    for all candidates, so v2 ranks by both / sqrt(other).
    """

    V1 = "v1"
    V2 = "v2"


class Recommendation(NamedTuple):
    """A product, and the number of orders that had it (together with the requested product)."""

    product_id: str
    orders: int


class CoPurchase(NamedTuple):
    """What one order adds to the counts: its products, and their pairs in both directions. Sorted and unique."""

    products: list[str]
    pairs: list[tuple[str, str]]


def co_purchase(product_ids: Iterable[str]) -> CoPurchase:
    """Return the co-purchase of an order with these products. Quantities don't matter."""
    products = sorted({product_id for product_id in product_ids if product_id})
    pairs = list(permutations(products, 2)) if len(products) <= MAX_PAIRED_PRODUCTS else []
    return CoPurchase(products, pairs)
