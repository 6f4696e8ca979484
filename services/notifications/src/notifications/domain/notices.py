"""What buyers are told about their orders. Amounts are in cents."""

from dataclasses import dataclass
from typing import ClassVar

BY_BUYER = "CANCELLED_BY_BUYER"


@dataclass(frozen=True)
class Line:
    """One product of an order."""

    name: str
    quantity: int
    unit_price_cents: int

    @property
    def total_cents(self) -> int:
        """The price of all its pieces."""
        return self.quantity * self.unit_price_cents


@dataclass(frozen=True)
class Confirmed:
    """The order is paid; `address` is where it goes, line by line."""

    kind: ClassVar[str] = "confirmed"

    order_id: str
    buyer: str
    lines: tuple[Line, ...]
    shipping_cents: int
    total_cents: int
    address: tuple[str, ...]

    @property
    def subject(self) -> str:
        """The mail's subject."""
        return f"Thank you for your order {self.order_id}"


@dataclass(frozen=True)
class Cancelled:
    """The order was cancelled and the money went back."""

    kind: ClassVar[str] = "cancelled"

    order_id: str
    refund_cents: int
    reason: str

    @property
    def by_buyer(self) -> bool:
        """Whether it was the buyer who wanted it so."""
        return self.reason == BY_BUYER

    @property
    def subject(self) -> str:
        """The mail's subject."""
        return f"Your order {self.order_id} is cancelled"


@dataclass(frozen=True)
class Shipped:
    """The parcel is on its way."""

    kind: ClassVar[str] = "shipped"

    order_id: str
    tracking_number: str

    @property
    def subject(self) -> str:
        """The mail's subject."""
        return f"Your order {self.order_id} is on its way"


Notice = Confirmed | Cancelled | Shipped


def address_lines(*parts: str) -> tuple[str, ...]:
    """The parts of an address that say anything."""
    return tuple(part.strip() for part in parts if part.strip())
