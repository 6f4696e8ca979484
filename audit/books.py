"""What the audit reads: plain facts, as each service has written them down. Amounts are in cents."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

AUTHORIZE, CAPTURE, VOID, REFUND = "authorize", "capture", "void", "refund"


@dataclass(frozen=True)
class Line:
    """One product of an order."""

    product_id: str
    quantity: int
    unit_cents: int = 0


@dataclass(frozen=True)
class Order:
    """An order as orders has it.

    `confirm_time` is None where it was never confirmed; `move_time` is when its journey last got on, that is, when
    a step was begun, done or refused.
    """

    id: str
    account_id: str
    email: str
    idempotency_key: str
    state: str
    lines: tuple[Line, ...]
    shipping_cents: int
    total_cents: int
    payment_token: str
    tracking_number: str
    next_step: str | None
    create_time: datetime
    confirm_time: datetime | None
    move_time: datetime

    @property
    def is_finished(self) -> bool:
        """Whether nothing is left to do."""
        return self.next_step is None

    @property
    def is_sold(self) -> bool:
        """Whether it is paid for good, unless somebody cancels it."""
        return self.is_finished and self.state in ("CONFIRMED", "SHIPPED")

    @property
    def is_undone(self) -> bool:
        """Whether it is cancelled, and all is given back."""
        return self.is_finished and self.state == "CANCELLED"

    @property
    def pieces(self) -> Counter[str]:
        """How many pieces of which product."""
        return pieces_of(self.lines)


def pieces_of(lines: Sequence[Line]) -> Counter[str]:
    """How many pieces of which product."""
    found: Counter[str] = Counter()
    for line in lines:
        found[line.product_id] += line.quantity
    return found


@dataclass(frozen=True)
class Entry:
    """An amount that the bank moved from the account `debit` to the account `credit`; `reference` is the order."""

    position: int
    authorization_id: str
    reference: str
    operation: str
    debit: str
    credit: str
    amount_cents: int


@dataclass(frozen=True)
class Position:
    """What the bank has done for one order: the amounts of each operation."""

    entries: tuple[Entry, ...] = ()

    def amounts(self, operation: str) -> list[int]:
        """The amount of each entry of this operation."""
        return [entry.amount_cents for entry in self.entries if entry.operation == operation]

    @property
    def held_cents(self) -> int:
        """What is held and neither taken nor let go."""
        return sum(self.amounts(AUTHORIZE)) - sum(self.amounts(CAPTURE)) - sum(self.amounts(VOID))

    @property
    def taken_cents(self) -> int:
        """What is taken and not given back."""
        return sum(self.amounts(CAPTURE)) - sum(self.amounts(REFUND))


@dataclass(frozen=True)
class Books:
    """All that was read at one time. `time` is that of orders' database."""

    time: datetime
    orders: Mapping[str, Order]
    entries: tuple[Entry, ...]
    balances: Mapping[str, int]

    @cached_property
    def _positions(self) -> Mapping[str, Position]:
        found: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.entries:
            found[entry.reference].append(entry)
        return {reference: Position(tuple(entries)) for reference, entries in found.items()}

    def at_the_bank(self, order_id: str) -> Position:
        """What the bank has done for the order."""
        return self._positions.get(order_id, Position())

    @property
    def references(self) -> Collection[str]:
        """What the bank's entries are about: orders."""
        return self._positions.keys()

    @cached_property
    def sold(self) -> tuple[Order, ...]:
        """The orders that are paid for good."""
        return tuple(order for order in self.orders.values() if order.is_sold)

    @cached_property
    def undone(self) -> tuple[Order, ...]:
        """The orders that are cancelled, with nothing left to do."""
        return tuple(order for order in self.orders.values() if order.is_undone)

    @cached_property
    def unfinished(self) -> tuple[Order, ...]:
        """The orders that have a step left."""
        return tuple(order for order in self.orders.values() if not order.is_finished)
