"""A payment: what is asked for, where it stands, and how it may be refused."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

LARGEST_AMOUNT_CENTS = 99_999_999  # the bank's own limit
_ORDER_ID = re.compile(r"[\x21-\x7e]{1,64}")
_TOKEN = re.compile(r"[\x21-\x7e]{1,64}")


class OrderIdInvalid(Exception):
    """No order can have this id."""


class AmountInvalid(Exception):
    """Not an amount that can be paid."""


class PaymentTokenInvalid(Exception):
    """Not a token of the bank's."""


class CardDeclined(Exception):
    """The bank says no."""


class InsufficientFunds(Exception):
    """There is not enough money."""


class PaymentDiffers(Exception):
    """The order has another payment already."""


class PaymentVoided(Exception):
    """The order was cancelled: it is too late to pay."""


class PaymentNotAuthorized(Exception):
    """There is no money to take."""


class PaymentNotFound(Exception):
    """Nobody has asked for a payment of this order."""


class State(StrEnum):
    """Where a payment stands."""

    PENDING = "PENDING"
    AUTHORIZED = "AUTHORIZED"
    CAPTURED = "CAPTURED"
    DECLINED = "DECLINED"
    VOIDED = "VOIDED"
    REFUNDED = "REFUNDED"


UNKNOWN_CARD = "PAYMENT_TOKEN_INVALID"
_DECLINES: Mapping[str, tuple[type[Exception], str]] = MappingProxyType(
    {
        "CARD_DECLINED": (CardDeclined, "The bank has declined the card."),
        "INSUFFICIENT_FUNDS": (InsufficientFunds, "There is not enough money on the card."),
        UNKNOWN_CARD: (PaymentTokenInvalid, "The bank does not know this card."),
    }
)


@dataclass(frozen=True)
class Wanted:
    """What is asked for. Raises OrderIdInvalid, AmountInvalid, PaymentTokenInvalid."""

    order_id: str
    amount_cents: int
    token: str

    def __post_init__(self) -> None:
        checked_order_id(self.order_id)
        if not 0 < self.amount_cents <= LARGEST_AMOUNT_CENTS:
            raise AmountInvalid(f"A payment is of 1 to {LARGEST_AMOUNT_CENTS} cents.")
        if not _TOKEN.fullmatch(self.token):
            raise PaymentTokenInvalid("This is not a token for a card.")


@dataclass(frozen=True)
class Payment:
    """The one payment of an order.

    `amount_cents` is None where the order was cancelled before a payment was asked for; `bank_reference` is
    empty until the bank has answered, and `decline_reason` where it has not refused.
    """

    order_id: str
    state: State
    amount_cents: int | None
    token: str
    bank_reference: str
    decline_reason: str
    create_time: datetime

    def check_same(self, wanted: Wanted) -> None:
        """Raises PaymentDiffers where another amount or card is asked for under the same order."""
        asked = (wanted.amount_cents, wanted.token)
        if self.amount_cents is not None and (self.amount_cents, self.token) != asked:
            raise PaymentDiffers("This order has a payment of another amount, or with another card.")


def checked_order_id(order_id: str) -> str:
    """The id. Raises OrderIdInvalid."""
    if not _ORDER_ID.fullmatch(order_id):
        raise OrderIdInvalid("An order's id has 1 to 64 visible ASCII characters.")
    return order_id


def decline(reason: str) -> Exception:
    """The exception for a reason of the bank's; one that is not known is a declined card."""
    error, message = _DECLINES.get(reason, _DECLINES["CARD_DECLINED"])
    return error(message)
