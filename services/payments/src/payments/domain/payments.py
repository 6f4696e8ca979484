"""A payment: its request, its states, and the reasons for which it is declined."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from nightmarket.limits import MAX_AMOUNT_CENTS, PAYMENT_TOKEN, check_order_id


class AmountInvalid(Exception):
    """The amount cannot be paid."""


class PaymentTokenInvalid(Exception):
    """The token is not one of the bank's."""


class CardDeclined(Exception):
    """The bank declined the card."""


class InsufficientFunds(Exception):
    """The card has not enough money."""


class PaymentDiffers(Exception):
    """The order already has a different payment."""


class PaymentVoided(Exception):
    """The order was canceled, so it cannot be paid."""


class PaymentNotAuthorized(Exception):
    """No money is held that could be captured."""


class PaymentNotFound(Exception):
    """The order has no payment."""


class State(StrEnum):
    """The state of a payment."""

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
class PaymentRequest:
    """A request to hold an amount on a card. Raises OrderIdInvalid, AmountInvalid, PaymentTokenInvalid."""

    order_id: str
    amount_cents: int
    token: str

    def __post_init__(self) -> None:
        check_order_id(self.order_id)
        if not 0 < self.amount_cents <= MAX_AMOUNT_CENTS:
            raise AmountInvalid(f"A payment is of 1 to {MAX_AMOUNT_CENTS} cents.")
        if not PAYMENT_TOKEN.fullmatch(self.token):
            raise PaymentTokenInvalid("This is not a token for a card.")


@dataclass(frozen=True)
class Payment:
    """The payment of an order.

    `amount_cents` is None if the order was canceled before its payment was requested. `bank_reference` is empty until
    the bank has answered, and `decline_reason` unless the bank has declined.
    """

    order_id: str
    state: State
    amount_cents: int | None
    token: str
    bank_reference: str
    decline_reason: str
    create_time: datetime

    def check_matches(self, request: PaymentRequest) -> None:
        """Raises PaymentDiffers if the request is for another amount or card."""
        requested = (request.amount_cents, request.token)
        if self.amount_cents is not None and (self.amount_cents, self.token) != requested:
            raise PaymentDiffers("This order has a payment of another amount, or with another card.")


def decline(reason: str) -> Exception:
    """Return the exception for a decline reason of the bank. An unknown reason is a declined card."""
    error, message = _DECLINES.get(reason, _DECLINES["CARD_DECLINED"])
    return error(message)
