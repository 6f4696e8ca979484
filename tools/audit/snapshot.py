"""What one reading of all stores contains: plain facts, as each service has recorded them. Amounts are in cents."""

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
    """An order in the database of orders.

    `confirm_time` is None if the order was never confirmed. `move_time` is the time of its last progress: a step that
    was started, done or rejected. `next_step` is None if no step is left.
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
        """Whether the order was ever confirmed, even if it was canceled later."""
        return self.confirm_time is not None

    @property
    def is_finished(self) -> bool:
        """Whether no step is left."""
        return self.next_step is None

    @property
    def is_completed(self) -> bool:
        """Whether the order is finished and sold: confirmed or shipped."""
        return self.is_finished and self.state in ("CONFIRMED", "SHIPPED")

    @property
    def is_canceled(self) -> bool:
        """Whether the order is finished and canceled: everything must be given back."""
        return self.is_finished and self.state == "CANCELLED"

    @property
    def units(self) -> Counter[str]:
        """The ordered quantity of each product."""
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
class OrderLedger:
    """The bank's entries of one order, oldest first."""

    entries: tuple[Entry, ...] = ()

    def amounts(self, operation: str) -> list[int]:
        """The amount of each entry of this operation."""
        return [entry.amount_cents for entry in self.entries if entry.operation == operation]

    @property
    def last_operation(self) -> str:
        """The latest operation; empty if there is none."""
        return self.entries[-1].operation if self.entries else ""

    @property
    def held_cents(self) -> int:
        """The amount that is authorized, but neither captured nor voided."""
        return sum(self.amounts(AUTHORIZE)) - sum(self.amounts(CAPTURE)) - sum(self.amounts(VOID))

    @property
    def charged_cents(self) -> int:
        """The amount that is captured and not refunded."""
        return sum(self.amounts(CAPTURE)) - sum(self.amounts(REFUND))


@dataclass(frozen=True)
class Payment:
    """The payment of an order in the database of payments; `amount_cents` is None if none was ever requested."""

    order_id: str
    state: str
    amount_cents: int | None
    token: str
    bank_reference: str


@dataclass(frozen=True)
class Reservation:
    """The units that inventory holds, or has held, for an order."""

    order_id: str
    state: str
    expire_time: datetime
    units: Counter[str]


@dataclass(frozen=True)
class Movement:
    """Units that were DELIVERED, SOLD or RETURNED; `reference` is the delivery or the order."""

    reference: str
    product_id: str
    kind: str
    quantity: int


@dataclass(frozen=True)
class Stock:
    """A product's row of inventory's view `stock_audit`, in units."""

    product_id: str
    available: int
    held: int
    delivered: int
    sold: int
    returned: int


@dataclass(frozen=True)
class Shipment:
    """The shipment of an order in the database of shipping."""

    order_id: str
    state: str
    account_id: str
    email: str
    pack_until: datetime
    tracking_number: str | None


@dataclass(frozen=True)
class Email:
    """An email in the database of notifications; `message_id` is the name of its file in the mail folder."""

    event_id: str
    message_id: str
    kind: str
    order_id: str
    recipient: str
    state: str


@dataclass(frozen=True)
class CoPurchases:
    """What recommendations has counted: orders by product and by pair of products.

    `learned` has the ids of the orders that were counted; `seed` has the product lists that the counts started with.
    """

    sold: Mapping[str, int]
    pairs: Mapping[tuple[str, str], int]
    learned: frozenset[str]
    seed: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Snapshot:
    """All stores, as one reading found them.

    `time` is the time of orders' database. Mappings of records are keyed by the order's id. `email_files` are the names
    of the files in the mail folder, None if there is no folder. `outboxes` has the ids of the unsent events by service,
    `dead_letters` the number of dead-lettered events by service.
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
    emails: tuple[Email, ...]
    email_files: tuple[str, ...] | None
    co_purchases: CoPurchases
    outboxes: Mapping[str, tuple[str, ...]]
    dead_letters: Mapping[str, int]

    @cached_property
    def completed(self) -> tuple[Order, ...]:
        """The completed orders."""
        return tuple(order for order in self.orders.values() if order.is_completed)

    @cached_property
    def canceled(self) -> tuple[Order, ...]:
        """The canceled orders without a step left."""
        return tuple(order for order in self.orders.values() if order.is_canceled)

    @cached_property
    def unfinished(self) -> tuple[Order, ...]:
        """The orders with a step left."""
        return tuple(order for order in self.orders.values() if not order.is_finished)

    @cached_property
    def ledgers(self) -> Mapping[str, OrderLedger]:
        """The bank's entries, grouped by their reference."""
        found: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.entries:
            found[entry.reference].append(entry)
        return {reference: OrderLedger(tuple(entries)) for reference, entries in found.items()}

    def ledger(self, order_id: str) -> OrderLedger:
        """The bank's entries of an order."""
        return self.ledgers.get(order_id, OrderLedger())

    @cached_property
    def _moved(self) -> Mapping[tuple[str, str], Counter[str]]:
        found: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for movement in self.movements:
            found[movement.reference, movement.kind][movement.product_id] += movement.quantity
        return found

    def moved(self, order_id: str, kind: str) -> Counter[str]:
        """The units of each product that were SOLD to, or RETURNED from, the order."""
        return self._moved.get((order_id, kind), Counter())
