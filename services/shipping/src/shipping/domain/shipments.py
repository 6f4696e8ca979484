"""A shipment: packed, then handed to the carrier with a tracking number, or canceled before that."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shipping.domain.countries import HOME

_SERVICE = "CM"  # C: a postal package
_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
# Coprime to the number of serials, so that each shipment has its own serial, far from the previous one's.
_STRIDE = 61_803_399
_SERIALS = 100_000_000


class ShipmentNotFound(Exception):
    """The order has no shipment."""


class OrderShipped(Exception):
    """The carrier already has the shipment, so it cannot be canceled."""


class State(StrEnum):
    """The state of a shipment."""

    PACKING = "PACKING"
    SHIPPED = "SHIPPED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True)
class Shipment:
    """The shipment of an order. It has a tracking number and a time if it is SHIPPED."""

    order_id: str
    state: State
    tracking_number: str | None = None
    ship_time: datetime | None = None


@dataclass(frozen=True)
class Recipient:
    """The buyer of an order, and the trace that the order belongs to."""

    account_id: str
    email: str
    traceparent: str


def tracking_number(number: int) -> str:
    """Return the tracking number of the shipment with this number, 1 to 99,999,999, in the format of UPU S10.

    It has two letters, eight digits, a check digit and the country of origin. Each shipment has its own.
    """
    serial = f"{number * _STRIDE % _SERIALS:08d}"
    return f"{_SERVICE}{serial}{check_digit(serial)}{HOME}"


def check_digit(serial: str) -> int:
    """Return the check digit of eight digits by UPU S10. Nearly every wrong digit changes it."""
    rest = 11 - sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, serial, strict=True)) % 11
    return {10: 0, 11: 5}.get(rest, rest)
