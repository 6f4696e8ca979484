"""What an order is, and what a request for one must look like."""

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum

LONGEST_KEY = 128
LONGEST_TOKEN = 200


class IdempotencyKeyMissing(Exception):
    """The request has no Idempotency-Key."""


class IdempotencyKeyInvalid(Exception):
    """The Idempotency-Key is not 1 to 128 visible ASCII characters."""


class IdempotencyKeyReused(Exception):
    """The Idempotency-Key was used before, for another request."""


class AddressInvalid(Exception):
    """Nothing can be sent there."""

    def __init__(self, field_name: str, rule: str) -> None:
        super().__init__(f"The shipping address's {field_name} {rule}.")
        self.metadata = {"field": field_name}


class PaymentTokenInvalid(Exception):
    """That is not a token of the bank."""


class CartEmpty(Exception):
    """There is nothing in the basket to buy."""


class ProductGone(Exception):
    """Something in the basket is not sold any more."""


class OrderNotFound(Exception):
    """The account has no such order."""


class OrderShipped(Exception):
    """The parcel has left: too late to cancel."""


class State(StrEnum):
    """Where an order stands."""

    PENDING = "PENDING"
    CONFIRMED = "CONFIRMED"
    SHIPPED = "SHIPPED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True)
class Address:
    """Where parcels go. Raises AddressInvalid."""

    name: str
    line1: str
    line2: str
    city: str
    postal_code: str
    country_code: str

    def __post_init__(self) -> None:
        for name, longest, required in _FIELDS:
            value = getattr(self, name).strip()
            object.__setattr__(self, name, value)
            if required and not value:
                raise AddressInvalid(name, "is missing")
            if len(value) > longest:
                raise AddressInvalid(name, f"has more than {longest} characters")
            if any(ord(character) < 32 for character in value):
                raise AddressInvalid(name, "has characters that cannot be printed")
        if not re.fullmatch(r"[A-Z]{2}", self.country_code):
            raise AddressInvalid("country_code", "is not two capital letters (ISO 3166-1 alpha-2)")


_FIELDS = (
    ("name", 100, True),
    ("line1", 200, True),
    ("line2", 200, False),
    ("city", 100, True),
    ("postal_code", 20, True),
    ("country_code", 2, True),
)


@dataclass(frozen=True)
class Line:
    """One product of an order, at the name and price (in cents) of the moment of the order.

    `cart_line` is by what the cart knows the line of the basket that it was bought from; 0: unknown.
    """

    product_id: str
    name: str
    quantity: int
    unit_cents: int
    cart_line: int = 0

    @property
    def total_cents(self) -> int:
        """What the line costs."""
        return self.unit_cents * self.quantity


@dataclass(frozen=True)
class Request:
    """What a buyer asks for. Raises AddressInvalid, PaymentTokenInvalid and what `checked_key` raises."""

    account_id: str
    email: str
    idempotency_key: str
    address: Address
    payment_token: str

    def __post_init__(self) -> None:
        checked_key(self.idempotency_key)
        if not re.fullmatch(rf"[\x21-\x7e]{{1,{LONGEST_TOKEN}}}", self.payment_token):
            raise PaymentTokenInvalid(
                "The payment token is the bank's word for a card, for example tok_visa."
            )

    @property
    def hash(self) -> str:
        """The same for equal requests."""
        asked = json.dumps([asdict(self.address), self.payment_token], sort_keys=True)
        return hashlib.sha256(asked.encode()).hexdigest()


def checked_key(key: str) -> str:
    """The key. Raises IdempotencyKeyMissing or IdempotencyKeyInvalid."""
    if not key:
        raise IdempotencyKeyMissing("Send a header Idempotency-Key, so that a retry cannot buy twice.")
    if not re.fullmatch(rf"[\x21-\x7e]{{1,{LONGEST_KEY}}}", key):
        raise IdempotencyKeyInvalid(f"An Idempotency-Key is 1 to {LONGEST_KEY} visible ASCII characters.")
    return key


@dataclass(frozen=True)
class JourneyStep:
    """One step of an order's journey."""

    step: str
    service: str
    outcome: str
    detail: str
    time: datetime


@dataclass(frozen=True)
class Rejection:
    """Why an order was cancelled: the number of the status, and the reason, message and metadata of the error."""

    code: int
    reason: str
    message: str
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Order:
    """An order as it stands.

    `next_step` is None when there is nothing left to do. `in_hand`: somebody is driving it, or is about to; an order
    that waits for its next attempt is not.
    """

    id: str
    account_id: str
    email: str
    request_hash: str
    state: State
    address: Address
    lines: tuple[Line, ...]
    shipping_cents: int
    total_cents: int
    payment_token: str
    tracking_number: str
    rejection: Rejection | None
    create_time: datetime
    traceparent: str
    next_step: str | None
    attempts: int
    in_hand: bool
    lease: str
    journey: tuple[JourneyStep, ...] = ()

    @property
    def subtotal_cents(self) -> int:
        """What the lines cost, without shipping."""
        return sum(line.total_cents for line in self.lines)

    def answers(self, request: Request) -> None:
        """Whether this order is what the request asked for. Raises IdempotencyKeyReused."""
        if self.request_hash != request.hash:
            raise IdempotencyKeyReused("This Idempotency-Key belongs to another order: take a new one.")
