"""The cart and its quantities."""

import re
from dataclasses import dataclass

from nightmarket.limits import MAX_QUANTITY


class QuantityInvalid(Exception):
    """The text is not a quantity, or the quantity is out of range."""


@dataclass(frozen=True, slots=True)
class CartItem:
    """A product in the cart."""

    product_id: str
    name: str
    quantity: int
    unit_cents: int
    total_cents: int
    image_url: str


@dataclass(frozen=True, slots=True)
class Cart:
    """A buyer's cart."""

    items: tuple[CartItem, ...] = ()
    subtotal_cents: int = 0

    @property
    def quantity(self) -> int:
        """The number of units of all products."""
        return sum(item.quantity for item in self.items)

    def names_of(self, product_ids: set[str]) -> list[str]:
        """Return the names of the products in the cart that have one of these ids."""
        return [item.name for item in self.items if item.product_id in product_ids]


def parse_quantity(text: str, minimum: int = 1) -> int:
    """Return the quantity that a buyer typed. Raises QuantityInvalid if it is not from `minimum` to MAX_QUANTITY."""
    typed = text.strip()
    if re.fullmatch(r"[0-9]{1,3}", typed) and minimum <= int(typed) <= MAX_QUANTITY:
        return int(typed)
    raise QuantityInvalid(f"A quantity is a whole number from {minimum} to {MAX_QUANTITY}.")
