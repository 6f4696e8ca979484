"""The models: how products that were bought together are ranked."""

from dataclasses import dataclass
from enum import Enum

DEFAULT_SIZE = 4
LARGEST_SIZE = 20


class Model(Enum):
    """v1: the more orders had both products, the better. v2: so too, but what goes with anything weighs less.

    v2 is the cosine of two products' orders, both / sqrt(one * other). One is the product asked about,
    the same for all candidates, so ranking by both / sqrt(other) is enough.
    """

    V1 = "v1"
    V2 = "v2"


@dataclass(frozen=True)
class Recommendation:
    """A product, and in how many orders it was bought (together with the one asked about)."""

    product_id: str
    orders: int
