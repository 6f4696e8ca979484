"""A cart: the products that an account intends to buy. A Cart is immutable; each edit returns a new one."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from nightmarket.limits import MAX_LINES, MAX_QUANTITY, check_order_id

_MAX_BOUGHT = 20  # orders whose removal is remembered, so that it can be repeated


class QuantityInvalid(Exception):
    """A cart cannot hold this quantity."""


class CartFull(Exception):
    """The edit would exceed what a cart can hold."""


@dataclass(frozen=True)
class Line:
    """A product and its quantity. `number` differs from that of an earlier line of the same product; 0: unknown."""

    product_id: str
    quantity: int
    number: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Cart:
    """The lines, in the order in which their products were first added.

    `bought` are the latest orders whose lines were removed. `count` is the number of lines that this cart ever had.
    """

    lines: tuple[Line, ...] = ()
    bought: tuple[str, ...] = ()
    count: int = field(default=0, compare=False)

    def add(self, product_id: str, quantity: int) -> "Cart":
        """Return the cart with this many more units of the product. Raises QuantityInvalid and CartFull."""
        check_quantity(quantity, minimum=1)
        line = self._line(product_id)
        return self._with(product_id, quantity + (line.quantity if line else 0))

    def set(self, product_id: str, quantity: int) -> "Cart":
        """Return the cart with this quantity of the product; 0 removes it. Raises QuantityInvalid and CartFull."""
        check_quantity(quantity, minimum=0)
        return self._with(product_id, quantity) if quantity else self.remove(product_id)

    def remove(self, product_id: str) -> "Cart":
        """Return the cart without the product. If the product is not in it, nothing changes."""
        return replace(self, lines=tuple(line for line in self.lines if line.product_id != product_id))

    def remove_bought(self, order_id: str, bought: Iterable[Line]) -> "Cart":
        """Return the cart without what the order bought. Each order takes effect once.

        Units that were added after the order was placed stay. Raises OrderIdInvalid and QuantityInvalid.
        """
        if check_order_id(order_id) in self.bought:
            return self
        lines = self.lines
        for line in bought:
            check_quantity(line.quantity, minimum=1)
            lines = tuple(_less(here, line) for here in lines)
        left = tuple(line for line in lines if line.quantity > 0)
        return replace(self, lines=left, bought=(*self.bought, order_id)[-_MAX_BOUGHT:])

    def _line(self, product_id: str) -> Line | None:
        return next((line for line in self.lines if line.product_id == product_id), None)

    def _with(self, product_id: str, quantity: int) -> "Cart":
        if quantity > MAX_QUANTITY:
            raise CartFull(f"The cart holds at most {MAX_QUANTITY} units of a product.")
        if present := self._line(product_id):
            changed = replace(present, quantity=quantity)
            return replace(self, lines=tuple(changed if line is present else line for line in self.lines))
        if len(self.lines) >= MAX_LINES:
            raise CartFull(f"The cart holds at most {MAX_LINES} products.")
        count = self.count + 1
        return replace(self, lines=(*self.lines, Line(product_id, quantity, count)), count=count)


def check_quantity(quantity: int, minimum: int) -> None:
    """Raises QuantityInvalid if the quantity is less than `minimum` or more than a cart holds of a product."""
    if not minimum <= quantity <= MAX_QUANTITY:
        raise QuantityInvalid(f"The quantity is from {minimum} to {MAX_QUANTITY}.")


def _less(line: Line, bought: Line) -> Line:
    # A line with another number was added after the order: the buyer removed the product and added it again.
    is_same = line.product_id == bought.product_id and bought.number in (0, line.number)
    return replace(line, quantity=line.quantity - bought.quantity) if is_same else line
