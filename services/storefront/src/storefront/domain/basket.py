"""The basket, and how many pieces may be asked for."""

import re
from dataclasses import dataclass

from storefront.domain.stock import MOST_AT_ONCE


class QuantityInvalid(Exception):
    """Not a number of pieces."""


@dataclass(frozen=True, slots=True)
class Item:
    """One product in a basket."""

    product_id: str
    name: str
    quantity: int
    unit_cents: int
    total_cents: int
    image_url: str


@dataclass(frozen=True, slots=True)
class Basket:
    """What a buyer has picked."""

    items: tuple[Item, ...]
    subtotal_cents: int

    @property
    def pieces(self) -> int:
        """All pieces together."""
        return sum(item.quantity for item in self.items)

    def names_of(self, product_ids: set[str]) -> list[str]:
        """The names of those of the products that are in the basket."""
        return [item.name for item in self.items if item.product_id in product_ids]


def quantity(text: str, least: int = 1) -> int:
    """The number of pieces that somebody typed, `least` to 99. Raises QuantityInvalid."""
    typed = text.strip()
    if re.fullmatch(r"[0-9]{1,3}", typed) and least <= int(typed) <= MOST_AT_ONCE:
        return int(typed)
    raise QuantityInvalid(f"A quantity is a whole number from {least} to {MOST_AT_ONCE}.")
