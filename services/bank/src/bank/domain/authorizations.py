"""Authorizations: money that is held on a card, then captured, voided or refunded, and the ledger's postings."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from bank.domain.cards import CARD_DECLINED, INSUFFICIENT_FUNDS

CURRENCY = "USD"
MAX_AMOUNT_CENTS = 99_999_999
_REFERENCE = re.compile(r"[\x21-\x7e]{1,128}")


class State(StrEnum):
    """The state of an authorization."""

    AUTHORIZED = "AUTHORIZED"
    DECLINED = "DECLINED"
    CAPTURED = "CAPTURED"
    VOIDED = "VOIDED"
    REFUNDED = "REFUNDED"


class Operation(StrEnum):
    """An operation that moves money."""

    AUTHORIZE = "authorize"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"


class Account(StrEnum):
    """An account of the ledger: the buyer's, the amounts on hold, or the shop's."""

    CARDHOLDER = "cardholder"
    HOLDS = "holds"
    MERCHANT = "merchant"


class AmountInvalid(Exception):
    """Not a valid amount."""


class CurrencyInvalid(Exception):
    """Not the bank's currency."""


class ReferenceInvalid(Exception):
    """Not a valid reference of the client."""


class AuthorizationNotFound(Exception):
    """There is no such authorization."""


class _Rejection(Exception):
    """The authorization does not allow the operation; the metadata has its id and state."""

    def __init__(self, message: str, authorization: "Authorization") -> None:
        super().__init__(message)
        self.metadata = {"authorizationId": authorization.id, "state": authorization.state.value}


class CardDeclined(_Rejection):
    """The card was declined without a reason."""


class InsufficientFunds(_Rejection):
    """The card has insufficient funds."""


class AuthorizationNotOpen(_Rejection):
    """Only money that is held can be captured or voided."""


class AuthorizationNotCaptured(_Rejection):
    """Only captured money can be refunded."""


@dataclass(frozen=True)
class Charge:
    """An amount to hold on a card. Raises AmountInvalid, CurrencyInvalid and ReferenceInvalid."""

    amount_cents: int
    currency: str
    token: str
    reference: str

    def __post_init__(self) -> None:
        if not 0 < self.amount_cents <= MAX_AMOUNT_CENTS:
            raise AmountInvalid(f"An amount is from 1 to {MAX_AMOUNT_CENTS} cents.")
        if self.currency != CURRENCY:
            raise CurrencyInvalid(f"The bank's currency is {CURRENCY}.")
        if not _REFERENCE.fullmatch(self.reference):
            raise ReferenceInvalid("A reference has 1 to 128 visible ASCII characters.")


@dataclass(frozen=True)
class Authorization:
    """A charge and its state; `decline_reason` is empty unless it was declined."""

    id: str
    state: State
    charge: Charge
    create_time: datetime
    decline_reason: str = ""


@dataclass(frozen=True)
class Posting:
    """The accounts that an amount leaves and enters."""

    debit: Account
    credit: Account


@dataclass(frozen=True)
class Move:
    """The effect of an operation on an authorization: the states before and after, and the posting."""

    operation: Operation
    before: State
    after: State
    posting: Posting
    rejection: type[_Rejection]


HOLD = Posting(Account.CARDHOLDER, Account.HOLDS)
MOVES: Mapping[Operation, Move] = MappingProxyType(
    {
        move.operation: move
        for move in (
            Move(
                Operation.CAPTURE,
                State.AUTHORIZED,
                State.CAPTURED,
                Posting(Account.HOLDS, Account.MERCHANT),
                AuthorizationNotOpen,
            ),
            Move(
                Operation.VOID,
                State.AUTHORIZED,
                State.VOIDED,
                Posting(Account.HOLDS, Account.CARDHOLDER),
                AuthorizationNotOpen,
            ),
            Move(
                Operation.REFUND,
                State.CAPTURED,
                State.REFUNDED,
                Posting(Account.MERCHANT, Account.CARDHOLDER),
                AuthorizationNotCaptured,
            ),
        )
    }
)
_DECLINES: Mapping[str, type[_Rejection]] = MappingProxyType(
    {CARD_DECLINED: CardDeclined, INSUFFICIENT_FUNDS: InsufficientFunds}
)


def check_allowed(authorization: Authorization, move: Move) -> None:
    """Raises AuthorizationNotOpen or AuthorizationNotCaptured if the move needs another state."""
    if authorization.state is not move.before:
        raise move.rejection(
            f"The authorization is {authorization.state}; {move.operation} needs one that is {move.before}.",
            authorization,
        )


def check_not_declined(authorization: Authorization) -> None:
    """Raises CardDeclined or InsufficientFunds if the authorization was declined."""
    if authorization.state is State.DECLINED:
        raise _DECLINES[authorization.decline_reason]("The bank has declined the card.", authorization)
