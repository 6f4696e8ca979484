"""An order and the request to place one, with their rules."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum

from nightmarket.limits import COUNTRY_CODE, IDEMPOTENCY_KEY, MAX_ADDRESS, PAYMENT_TOKEN


class IdempotencyKeyMissing(Exception):
    """The request has no Idempotency-Key."""


class IdempotencyKeyInvalid(Exception):
    """The Idempotency-Key does not have 1 to 128 visible ASCII characters."""


class IdempotencyKeyReused(Exception):
    """The Idempotency-Key belongs to a different request."""


class AddressInvalid(Exception):
    """A field of the address is missing or malformed; `metadata` names it."""

    def __init__(self, field_name: str, rule: str) -> None:
        super().__init__(f"The shipping address's {field_name} {rule}.")
        self.metadata = {"field": field_name}


class PaymentTokenInvalid(Exception):
    """The token is not one of the bank's."""


class CartEmpty(Exception):
    """The cart is empty."""


class ProductGone(Exception):
    """A product in the cart is no longer sold."""


class OrderNotFound(Exception):
    """The account has no such order."""


class OrderShipped(Exception):
    """The order is shipped, so it cannot be canceled."""


class State(StrEnum):
    """The state of an order."""

    PENDING = "PENDING"
    CONFIRMED = "CONFIRMED"
    SHIPPED = "SHIPPED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True)
class Address:
    """A shipping address. Leading and trailing spaces are removed. Raises AddressInvalid."""

    name: str
    line1: str
    line2: str
    city: str
    postal_code: str
    country_code: str

    def __post_init__(self) -> None:
        for name, maximum in {**MAX_ADDRESS, "country_code": 2}.items():
            value = getattr(self, name).strip()
            object.__setattr__(self, name, value)
            if not value and name != "line2":
                raise AddressInvalid(name, "is missing")
            if len(value) > maximum:
                raise AddressInvalid(name, f"has more than {maximum} characters")
            if any(ord(character) < 32 for character in value):
                raise AddressInvalid(name, "has characters that cannot be printed")
        if not COUNTRY_CODE.fullmatch(self.country_code):
            raise AddressInvalid("country_code", "is not two capital letters (ISO 3166-1 alpha-2)")


@dataclass(frozen=True)
class Line:
    """A product of an order, with its name and price (in cents) at the time of the order.

    `cart_line` is the number of the line in the cart; 0 if it is unknown.
    """

    product_id: str
    name: str
    quantity: int
    unit_cents: int
    cart_line: int = 0

    @property
    def total_cents(self) -> int:
        """The price of all units."""
        return self.unit_cents * self.quantity


@dataclass(frozen=True)
class OrderRequest:
    """A request to place an order.

    Raises AddressInvalid, PaymentTokenInvalid, IdempotencyKeyMissing and IdempotencyKeyInvalid.
    """

    account_id: str
    email: str
    idempotency_key: str
    address: Address
    payment_token: str

    def __post_init__(self) -> None:
        if not self.idempotency_key:
            raise IdempotencyKeyMissing("Send a header Idempotency-Key, so that a retry cannot buy twice.")
        if not IDEMPOTENCY_KEY.fullmatch(self.idempotency_key):
            raise IdempotencyKeyInvalid("An Idempotency-Key has 1 to 128 visible ASCII characters.")
        if not PAYMENT_TOKEN.fullmatch(self.payment_token):
            raise PaymentTokenInvalid(
                "The payment token is the bank's token for a card, for example tok_visa."
            )

    @property
    def hash(self) -> str:
        """A digest that is the same for equal requests."""
        content = json.dumps([asdict(self.address), self.payment_token], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()


@dataclass(frozen=True)
class JourneyStep:
    """A step of an order's journey."""

    step: str
    service: str
    outcome: str
    detail: str
    time: datetime


@dataclass(frozen=True)
class Rejection:
    """Why an order is canceled: the number of the gRPC status, and reason, message and metadata of the error."""

    code: int
    reason: str
    message: str
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Order:
    """An order.

    `next_step` is None if nothing is left to do. `is_in_progress` is True if a worker executes the order or is about
    to, and False if the order waits for a retry.
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
    is_in_progress: bool
    lease: str
    journey: tuple[JourneyStep, ...] = ()

    @property
    def subtotal_cents(self) -> int:
        """The price of all lines, without shipping."""
        return sum(line.total_cents for line in self.lines)

    def check_matches(self, request: OrderRequest) -> None:
        """Raises IdempotencyKeyReused if the order was placed by a different request."""
        if self.request_hash != request.hash:
            raise IdempotencyKeyReused("This Idempotency-Key belongs to another order: use a new one.")
