"""Authorizations: money that is held on a card, then taken or let go, and what the ledger says about it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from bank.domain.tokens import CARD_DECLINED, INSUFFICIENT_FUNDS

CURRENCY = "USD"
LARGEST_AMOUNT_CENTS = 99_999_999
_REFERENCE = re.compile(r"[\x21-\x7e]{1,128}")


class State(StrEnum):
    """Where an authorization stands."""

    AUTHORIZED = "AUTHORIZED"
    DECLINED = "DECLINED"
    CAPTURED = "CAPTURED"
    VOIDED = "VOIDED"
    REFUNDED = "REFUNDED"


class Operation(StrEnum):
    """What a client may ask for."""

    AUTHORIZE = "authorize"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"


class Account(StrEnum):
    """Whose money it is: the buyer's, nobody's for the moment, or the shop's."""

    CARDHOLDER = "cardholder"
    HOLDS = "holds"
    MERCHANT = "merchant"


class AmountInvalid(Exception):
    """Not an amount that can be paid."""


class CurrencyInvalid(Exception):
    """Another currency than the bank's."""


class ReferenceInvalid(Exception):
    """The client's own name for the charge can't be kept."""


class AuthorizationNotFound(Exception):
    """There is no such authorization."""


class _Refusal(Exception):
    """An authorization that does not allow what is asked, with the facts a client needs to go on."""

    def __init__(self, message: str, authorization: "Authorization") -> None:
        super().__init__(message)
        self.metadata = {"authorizationId": authorization.id, "state": authorization.state.value}


class CardDeclined(_Refusal):
    """The bank says no and does not say why."""


class InsufficientFunds(_Refusal):
    """There is not enough money."""


class AuthorizationNotOpen(_Refusal):
    """Only money that is held can be taken or let go."""


class AuthorizationNotCaptured(_Refusal):
    """Only money that was taken can be given back."""


@dataclass(frozen=True)
class Charge:
    """What a client wants held. Raises AmountInvalid, CurrencyInvalid, ReferenceInvalid."""

    amount_cents: int
    currency: str
    token: str
    reference: str

    def __post_init__(self) -> None:
        if not 0 < self.amount_cents <= LARGEST_AMOUNT_CENTS:
            raise AmountInvalid(f"An amount is from 1 to {LARGEST_AMOUNT_CENTS} cents.")
        if self.currency != CURRENCY:
            raise CurrencyInvalid(f"The bank's currency is {CURRENCY}.")
        if not _REFERENCE.fullmatch(self.reference):
            raise ReferenceInvalid("A reference has 1 to 128 visible ASCII characters.")


@dataclass(frozen=True)
class Authorization:
    """A charge and where it stands; `decline_reason` is empty where it was not declined."""

    id: str
    state: State
    charge: Charge
    create_time: datetime
    decline_reason: str = ""


@dataclass(frozen=True)
class Posting:
    """From which account to which the amount goes."""

    debit: Account
    credit: Account


@dataclass(frozen=True)
class Move:
    """What an operation does to an authorization: its state before and after, and the posting."""

    operation: Operation
    before: State
    after: State
    posting: Posting
    refusal: type[_Refusal]


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
_DECLINES: Mapping[str, type[_Refusal]] = MappingProxyType(
    {CARD_DECLINED: CardDeclined, INSUFFICIENT_FUNDS: InsufficientFunds}
)


def check_allowed(authorization: Authorization, move: Move) -> None:
    """Raises AuthorizationNotOpen or AuthorizationNotCaptured where the move starts from another state."""
    if authorization.state is not move.before:
        raise move.refusal(
            f"The authorization is {authorization.state}; {move.operation} needs one that is {move.before}.",
            authorization,
        )


def check_not_declined(authorization: Authorization) -> None:
    """Raises CardDeclined or InsufficientFunds for an authorization that was declined."""
    if authorization.state is State.DECLINED:
        raise _DECLINES[authorization.decline_reason]("The bank has declined the card.", authorization)
