"""Orders, their journeys, and what a checkout form needs to place one."""

import re
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import uuid4

# The bank's test cards. They are tokens: the shop never sees a card number.
CARDS = (
    "tok_visa",
    "tok_mastercard",
    "tok_declined",
    "tok_insufficient_funds",
    "tok_slow",
    "tok_lost_answer",
)
DEFAULT_CARD = CARDS[0]


class FormExpired(Exception):
    """The form is too old, or it is not one of this shop's forms."""


class OrderState(StrEnum):
    """The state of an order."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    SHIPPED = "shipped"
    CANCELLED = "canceled"


@dataclass(frozen=True, slots=True)
class Address:
    """A shipping address as the buyer typed it. The orders service validates it."""

    name: str = ""
    line1: str = ""
    line2: str = ""
    city: str = ""
    postal_code: str = ""
    country_code: str = ""


ADDRESS_FIELDS = tuple(field.name for field in fields(Address))


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A product in an order."""

    product_id: str
    name: str
    quantity: int
    total_cents: int


@dataclass(frozen=True, slots=True)
class JourneyStep:
    """A step of an order's journey. `outcome` is started, done, rejected or unknown."""

    name: str
    service: str
    time: datetime
    outcome: str
    detail: str


@dataclass(frozen=True, slots=True)
class Order:
    """An order."""

    id: str
    state: OrderState
    lines: tuple[OrderLine, ...]
    address: Address
    subtotal_cents: int
    shipping_cents: int
    total_cents: int
    tracking_number: str
    create_time: datetime
    cancel_reason: str
    journey: tuple[JourneyStep, ...]

    @property
    def is_pending(self) -> bool:
        """Whether the order is still in progress, so that its page should be loaded again."""
        return self.state is OrderState.PENDING

    @property
    def is_cancelable(self) -> bool:
        """Whether the buyer may try to cancel the order."""
        return self.state in (OrderState.PENDING, OrderState.CONFIRMED)

    def elapsed(self, step: JourneyStep) -> timedelta:
        """Return the time from placing the order to the step.

        It is never negative, even if the clocks of two services differ.
        """
        return max(timedelta(), step.time - self.create_time)


@dataclass(frozen=True, slots=True)
class OrderPage:
    """One page of a list of orders, newest first. If `next_token` is empty, it is the last page."""

    orders: tuple[Order, ...]
    next_token: str


def new_idempotency_key() -> str:
    """Return the idempotency key for a new checkout form."""
    return uuid4().hex


def parse_idempotency_key(text: str) -> str:
    """Return the idempotency key that a form sent back. Raises FormExpired if this shop did not create it."""
    if re.fullmatch(r"[0-9a-f]{32}", text):
        return text
    raise FormExpired("This form has expired, or it is not one of this shop's forms.")
