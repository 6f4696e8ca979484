"""Parcels: packed, then handed to the carrier under a number of their own, or withheld before that."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from shipping.domain.countries import HOME

LONGEST_ORDER_ID = 100
_SERVICE = "CM"  # C: a parcel
_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
# Shares no factor with the number of serials: consecutive parcels land far apart, no two on the same.
_STRIDE = 61_803_399
_SERIALS = 100_000_000


class ShipmentNotFound(Exception):
    """Nobody has asked for a parcel for this order."""


class OrderIdInvalid(Exception):
    """No order has such an id."""


class OrderShipped(Exception):
    """Too late to withhold the parcel: the carrier has it."""


class State(Enum):
    """Where a parcel stands."""

    PACKING = "PACKING"
    SHIPPED = "SHIPPED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True)
class Shipment:
    """The parcel of an order; number and time are those of its handing over."""

    order_id: str
    state: State
    tracking_number: str | None = None
    ship_time: datetime | None = None


def checked_order_id(order_id: str) -> str:
    """The id, where it may be one of an order. Raises OrderIdInvalid."""
    if not 0 < len(order_id) <= LONGEST_ORDER_ID or "\0" in order_id:
        raise OrderIdInvalid(f"An order's id has 1 to {LONGEST_ORDER_ID} characters.")
    return order_id


def tracking_number(parcel: int) -> str:
    """The tracking number of the market's parcel with this number, 1 to 99,999,999, in the form of UPU S10.

    Two letters, eight digits, a check digit, the country of origin. Different parcels have different ones.
    """
    serial = f"{parcel * _STRIDE % _SERIALS:08d}"
    return f"{_SERVICE}{serial}{check_digit(serial)}{HOME}"


def check_digit(serial: str) -> int:
    """The ninth digit after eight, by UPU S10: nearly every wrong digit changes it."""
    rest = 11 - sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, serial, strict=True)) % 11
    return {10: 0, 11: 5}.get(rest, rest)
