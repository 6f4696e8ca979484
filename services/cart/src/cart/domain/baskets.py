"""The basket: what an account means to buy. A basket never changes; each edit makes a new one."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

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
    """How many pieces of which product; `number` tells it from a line that the product had before, 0 from none."""

    product_id: str
    quantity: int
    number: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Basket:
    """The lines, in the order in which their products were first added, and the latest orders made of it.

    `count` is how many lines it ever had.
    """

    lines: tuple[Line, ...] = ()
    bought: tuple[str, ...] = ()
    count: int = field(default=0, compare=False)

    def add(self, product_id: str, quantity: int) -> "Basket":
        """With so many more pieces of the product. Raises QuantityInvalid and CartFull."""
        checked(quantity, at_least=1)
        here = self._line(product_id)
        return self._with(product_id, quantity + (here.quantity if here else 0))

    def set(self, product_id: str, quantity: int) -> "Basket":
        """With just so many pieces of the product; 0 takes it out. Raises QuantityInvalid and CartFull."""
        checked(quantity, at_least=0)
        return self._with(product_id, quantity) if quantity else self.remove(product_id)

    def remove(self, product_id: str) -> "Basket":
        """Without the product; one that is not in it changes nothing."""
        return replace(self, lines=tuple(line for line in self.lines if line.product_id != product_id))

    def remove_bought(self, order_id: str, bought: Iterable[Line]) -> "Basket":
        """Without what the order bought, once for each order; what was put in meanwhile stays.

        Raises OrderIdInvalid and QuantityInvalid.
        """
        if not 1 <= len(order_id) <= LONGEST_ORDER_ID or not order_id.isprintable():
            raise OrderIdInvalid(f"An order's id has 1 to {LONGEST_ORDER_ID} printable characters.")
        if order_id in self.bought:
            return self
        lines = self.lines
        for line in bought:
            checked(line.quantity, at_least=1)
            lines = tuple(_less(here, line) for here in lines)
        left = tuple(line for line in lines if line.quantity > 0)
        return replace(self, lines=left, bought=(*self.bought, order_id)[-_REMEMBERED_ORDERS:])

    def _line(self, product_id: str) -> Line | None:
        return next((line for line in self.lines if line.product_id == product_id), None)

    def _with(self, product_id: str, quantity: int) -> "Basket":
        if quantity > MOST_PIECES:
            raise CartFull(f"The basket holds at most {MOST_PIECES} pieces of a product.")
        if here := self._line(product_id):
            changed = replace(here, quantity=quantity)
            return replace(self, lines=tuple(changed if line is here else line for line in self.lines))
        if len(self.lines) >= MOST_PRODUCTS:
            raise CartFull(f"The basket holds at most {MOST_PRODUCTS} products.")
        count = self.count + 1
        return replace(self, lines=(*self.lines, Line(product_id, quantity, count)), count=count)


def checked(quantity: int, at_least: int) -> int:
    """The quantity, if it is `at_least` that and at most 99. Raises QuantityInvalid."""
    if not at_least <= quantity <= MOST_PIECES:
        raise QuantityInvalid(f"The number of pieces is from {at_least} to {MOST_PIECES}.")
    return quantity


def _less(line: Line, bought: Line) -> Line:
    """The line without what was bought of it."""
    was_there = line.product_id == bought.product_id and bought.number in (0, line.number)
    return replace(line, quantity=line.quantity - bought.quantity) if was_there else line
