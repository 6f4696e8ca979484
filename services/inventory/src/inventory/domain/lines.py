"""Lines: how many pieces of which product an order wants, and why it can't have them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MOST_LINES = 50
MOST_PIECES = 99
LONGEST_PRODUCT_ID = 64


class ProductNotFound(Exception):
    """There is no stock of this product, nor was there ever."""


class LinesEmpty(Exception):
    """Nothing to keep."""


class TooManyLines(Exception):
    """More products than an order may have."""


class ProductRepeated(Exception):
    """The same product on two lines."""


class QuantityInvalid(Exception):
    """Fewer pieces than one, or more than an order may have."""


class SoldOut(Exception):
    """Fewer pieces are left than wanted; `metadata` says by product id how many are left."""

    def __init__(self, message: str, left: Mapping[str, int]) -> None:
        super().__init__(message)
        self.metadata = {product_id: str(pieces) for product_id, pieces in left.items()}


@dataclass(frozen=True, order=True)
class Line:
    """How many pieces of which product."""

    product_id: str
    quantity: int


def checked_product_id(product_id: str) -> str:
    """The id, if a product may be called so. Raises ProductNotFound."""
    if len(product_id) > LONGEST_PRODUCT_ID or not product_id.isprintable():
        raise ProductNotFound("There is no such product.")
    return product_id


def checked(lines: Iterable[Line]) -> tuple[Line, ...]:
    """The lines in the order of their products: the one form in which they are compared, kept and locked.

    Raises LinesEmpty, TooManyLines, ProductNotFound, ProductRepeated and QuantityInvalid.
    """
    ordered = tuple(sorted(lines))
    if not ordered:
        raise LinesEmpty("A reservation has at least one line.")
    if len(ordered) > MOST_LINES:
        raise TooManyLines(f"A reservation has at most {MOST_LINES} lines.")
    if len({checked_product_id(line.product_id) for line in ordered}) < len(ordered):
        raise ProductRepeated("Each product has one line.")
    if not all(1 <= line.quantity <= MOST_PIECES for line in ordered):
        raise QuantityInvalid(f"A line has 1 to {MOST_PIECES} pieces.")
    return ordered


def refusal(lines: tuple[Line, ...], available: Mapping[str, int]) -> ProductNotFound | SoldOut:
    """Why the lines can't be kept, of what was `available` by product id when it was tried."""
    if unknown := [line.product_id for line in lines if line.product_id not in available]:
        return ProductNotFound(f"There is no such product: {', '.join(unknown)}")
    left = {
        line.product_id: available[line.product_id]
        for line in lines
        if available[line.product_id] < line.quantity
    }
    return SoldOut("There are not enough pieces left.", left)
