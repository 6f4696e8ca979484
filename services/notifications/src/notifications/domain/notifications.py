"""The notifications about an order. Amounts are in cents."""

from dataclasses import dataclass
from typing import ClassVar

BY_BUYER = "CANCELLED_BY_BUYER"


@dataclass(frozen=True)
class Line:
    """A product of an order."""

    name: str
    quantity: int
    unit_price_cents: int

    @property
    def total_cents(self) -> int:
        """The price of all units."""
        return self.quantity * self.unit_price_cents


@dataclass(frozen=True)
class Confirmed:
    """The order is paid. `address` is the shipping address, line by line."""

    kind: ClassVar[str] = "confirmed"

    order_id: str
    buyer: str
    lines: tuple[Line, ...]
    shipping_cents: int
    total_cents: int
    address: tuple[str, ...]

    @property
    def subject(self) -> str:
        """The subject of the email."""
        return f"Thank you for your order {self.order_id}"


@dataclass(frozen=True)
class Canceled:
    """The order is canceled and refunded."""

    kind: ClassVar[str] = "cancelled"

    order_id: str
    refund_cents: int
    reason: str

    @property
    def by_buyer(self) -> bool:
        """Whether the buyer canceled the order."""
        return self.reason == BY_BUYER

    @property
    def subject(self) -> str:
        """The subject of the email."""
        return f"Your order {self.order_id} is canceled"


@dataclass(frozen=True)
class Shipped:
    """The carrier has the order's shipment."""

    kind: ClassVar[str] = "shipped"

    order_id: str
    tracking_number: str

    @property
    def subject(self) -> str:
        """The subject of the email."""
        return f"Your order {self.order_id} is on its way"


Notification = Confirmed | Canceled | Shipped


def address_lines(*parts: str) -> tuple[str, ...]:
    """Return the parts of an address that are not empty."""
    return tuple(part.strip() for part in parts if part.strip())
