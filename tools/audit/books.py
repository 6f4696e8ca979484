"""What the audit reads: plain facts, as each service has written them down. Amounts are in cents."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

AUTHORIZE, CAPTURE, VOID, REFUND = "authorize", "capture", "void", "refund"


@dataclass(frozen=True)
class Line:
    """One product of an order."""

    product_id: str
    quantity: int
    unit_cents: int


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
    def was_confirmed(self) -> bool:
        """Whether it ever was confirmed, whatever became of it."""
        return self.confirm_time is not None

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
        found: Counter[str] = Counter()
        for line in self.lines:
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
    """What the bank has done for one order, the oldest entry first."""

    entries: tuple[Entry, ...] = ()

    def amounts(self, operation: str) -> list[int]:
        """The amount of each entry of this operation."""
        return [entry.amount_cents for entry in self.entries if entry.operation == operation]

    @property
    def last(self) -> str:
        """The operation that was done last; empty where none was."""
        return self.entries[-1].operation if self.entries else ""

    @property
    def held_cents(self) -> int:
        """What is held and neither taken nor let go."""
        return sum(self.amounts(AUTHORIZE)) - sum(self.amounts(CAPTURE)) - sum(self.amounts(VOID))

    @property
    def taken_cents(self) -> int:
        """What is taken and not given back."""
        return sum(self.amounts(CAPTURE)) - sum(self.amounts(REFUND))


@dataclass(frozen=True)
class Payment:
    """The payment of an order as payments has it; without an amount where none was ever asked for."""

    order_id: str
    state: str
    amount_cents: int | None
    token: str
    bank_reference: str


@dataclass(frozen=True)
class Reservation:
    """The pieces that inventory keeps, or has kept, for an order."""

    order_id: str
    state: str
    expire_time: datetime
    pieces: Counter[str]


@dataclass(frozen=True)
class Movement:
    """Pieces that were DELIVERED, SOLD or RETURNED; `reference` is the delivery or the order."""

    reference: str
    product_id: str
    kind: str
    quantity: int


@dataclass(frozen=True)
class Stock:
    """A product's line of inventory's view `stock_audit`, in pieces."""

    product_id: str
    available: int
    held: int
    delivered: int
    sold: int
    returned: int


@dataclass(frozen=True)
class Shipment:
    """The parcel of an order as shipping has it."""

    order_id: str
    state: str
    account_id: str
    email: str
    pack_until: datetime
    tracking_number: str | None


@dataclass(frozen=True)
class Mail:
    """A mail as notifications has it; `letter_id` is what its file is called."""

    event_id: str
    letter_id: str
    kind: str
    order_id: str
    recipient: str
    state: str


@dataclass(frozen=True)
class Lessons:
    """What recommendations has counted, and from which orders; `seed` has the baskets that it began with."""

    sold: Mapping[str, int]
    pairs: Mapping[tuple[str, str], int]
    learned: frozenset[str]
    seed: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Books:
    """All that was read at one time.

    `time` is that of orders' database. What an order has one of is found by the order's id. `letters` are the names
    of the files in the mail folder, None where there is none; `outboxes` has the ids of the events that wait in each,
    `dead_letters` how many of each service's are set aside.
    """

    time: datetime
    accounts: frozenset[str]
    orders: Mapping[str, Order]
    payments: Mapping[str, Payment]
    entries: tuple[Entry, ...]
    balances: Mapping[str, int]
    reservations: Mapping[str, Reservation]
    movements: tuple[Movement, ...]
    stock: tuple[Stock, ...]
    shipments: Mapping[str, Shipment]
    mails: tuple[Mail, ...]
    letters: tuple[str, ...] | None
    lessons: Lessons
    outboxes: Mapping[str, tuple[str, ...]]
    dead_letters: Mapping[str, int]

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

    @cached_property
    def positions(self) -> Mapping[str, Position]:
        """What the bank has done, by the reference of its entries."""
        found: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.entries:
            found[entry.reference].append(entry)
        return {reference: Position(tuple(entries)) for reference, entries in found.items()}

    def at_the_bank(self, order_id: str) -> Position:
        """What the bank has done for the order."""
        return self.positions.get(order_id, Position())

    @cached_property
    def _moved(self) -> Mapping[tuple[str, str], Counter[str]]:
        found: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for movement in self.movements:
            found[movement.reference, movement.kind][movement.product_id] += movement.quantity
        return found

    def moved(self, order_id: str, kind: str) -> Counter[str]:
        """How many pieces of which product were SOLD to, or RETURNED by, the order."""
        return self._moved.get((order_id, kind), Counter())
