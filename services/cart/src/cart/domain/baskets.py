"""The basket: what an account means to buy. A basket never changes; each edit makes a new one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

MOST_PIECES = 99
MOST_PRODUCTS = 50
LONGEST_ORDER_ID = 64
_REMEMBERED_ORDERS = 20  # the orders that may still tell, again, what they bought


class QuantityInvalid(Exception):
    """No number of pieces that could be put into a basket."""


class CartFull(Exception):
    """More than a basket holds."""


class OrderIdInvalid(Exception):
    """Not what any order is called."""


@dataclass(frozen=True)
class Line:
    """How many pieces of which product."""

    product_id: str
    quantity: int


@dataclass(frozen=True)
class Basket:
    """The lines, in the order in which their products were first added, and the latest orders made of it."""

    lines: tuple[Line, ...] = ()
    bought: tuple[str, ...] = ()

    def add(self, product_id: str, quantity: int) -> "Basket":
        """With so many more pieces of the product. Raises QuantityInvalid and CartFull."""
        checked(quantity, at_least=1)
        return self._with(product_id, self._pieces().get(product_id, 0) + quantity)

    def set(self, product_id: str, quantity: int) -> "Basket":
        """With just so many pieces of the product; 0 takes it out. Raises QuantityInvalid and CartFull."""
        checked(quantity, at_least=0)
        return self._with(product_id, quantity) if quantity else self.remove(product_id)

    def remove(self, product_id: str) -> "Basket":
        """Without the product; one that is not in it changes nothing."""
        return replace(self, lines=tuple(line for line in self.lines if line.product_id != product_id))

    def remove_bought(self, order_id: str, bought: Iterable[Line]) -> "Basket":
        """Without what the order bought, once for each order; pieces that were added meanwhile stay.

        Raises OrderIdInvalid and QuantityInvalid.
        """
        if not 1 <= len(order_id) <= LONGEST_ORDER_ID or not order_id.isprintable():
            raise OrderIdInvalid(f"An order's id has 1 to {LONGEST_ORDER_ID} printable characters.")
        if order_id in self.bought:
            return self
        pieces = self._pieces()
        for line in bought:
            checked(line.quantity, at_least=1)
            pieces[line.product_id] = pieces.get(line.product_id, 0) - line.quantity
        return Basket(_lines(pieces), (*self.bought, order_id)[-_REMEMBERED_ORDERS:])

    def _pieces(self) -> dict[str, int]:
        return {line.product_id: line.quantity for line in self.lines}

    def _with(self, product_id: str, quantity: int) -> "Basket":
        pieces = self._pieces() | {product_id: quantity}
        if quantity > MOST_PIECES:
            raise CartFull(f"The basket holds at most {MOST_PIECES} pieces of a product.")
        if len(pieces) > MOST_PRODUCTS:
            raise CartFull(f"The basket holds at most {MOST_PRODUCTS} products.")
        return replace(self, lines=_lines(pieces))


def checked(quantity: int, at_least: int) -> int:
    """The quantity, if it is `at_least` that and at most 99. Raises QuantityInvalid."""
    if not at_least <= quantity <= MOST_PIECES:
        raise QuantityInvalid(f"The number of pieces is from {at_least} to {MOST_PIECES}.")
    return quantity


def _lines(pieces: Mapping[str, int]) -> tuple[Line, ...]:
    return tuple(Line(product_id, quantity) for product_id, quantity in pieces.items() if quantity > 0)
