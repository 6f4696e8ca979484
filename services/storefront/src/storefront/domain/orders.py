"""Orders and their journeys."""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum


class State(StrEnum):
    """Where an order stands."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Address:
    """Where parcels go, as it was typed: the orders service checks it."""

    name: str = ""
    line1: str = ""
    line2: str = ""
    city: str = ""
    postal_code: str = ""
    country_code: str = ""


ADDRESS_FIELDS = tuple(field.name for field in fields(Address))


@dataclass(frozen=True, slots=True)
class Line:
    """One product of an order."""

    product_id: str
    name: str
    quantity: int
    unit_cents: int
    total_cents: int


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was done for an order; `outcome` is started, done, rejected or unknown."""

    name: str
    service: str
    time: datetime
    outcome: str
    detail: str


@dataclass(frozen=True, slots=True)
class Order:
    """An order as it stands."""

    id: str
    state: State
    lines: tuple[Line, ...]
    address: Address
    subtotal_cents: int
    shipping_cents: int
    total_cents: int
    tracking_number: str
    create_time: datetime
    cancel_reason: str
    journey: tuple[Step, ...]

    @property
    def is_settled(self) -> bool:
        """Whether it stays as it is for now, so that nobody needs to wait and look again."""
        return self.state is not State.PENDING

    @property
    def can_be_cancelled(self) -> bool:
        """Whether it is worth trying."""
        return self.state in (State.PENDING, State.CONFIRMED)

    def since_placed(self, step: Step) -> timedelta:
        """How long after the order was placed a step was done."""
        return max(timedelta(), step.time - self.create_time)


@dataclass(frozen=True, slots=True)
class OrderPage:
    """Some orders, newest first; an empty token means that these are the last ones."""

    orders: tuple[Order, ...]
    next_token: str
