"""Cards: their validation, the tokens that stand for them, and the test cards."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

CARD_DECLINED, INSUFFICIENT_FUNDS = "CARD_DECLINED", "INSUFFICIENT_FUNDS"
MAX_NAME_LENGTH = 100


class CardNumberInvalid(Exception):
    """Not a valid card number."""


class CardExpiryInvalid(Exception):
    """Not a month."""


class CardExpired(Exception):
    """The card has expired."""


class CardCvcInvalid(Exception):
    """Not a valid security code."""


class CardNameInvalid(Exception):
    """Not a valid name."""


class TokenUnknown(Exception):
    """There is no card with this token."""


@dataclass(frozen=True)
class Card:
    """What the bank stores of a card."""

    brand: str
    last4: str


@dataclass(frozen=True)
class Behavior:
    """What happens if a card is charged.

    `decline_reason` is empty if the charge succeeds. With `answers_late`, the charge takes effect at once, but the
    response is delayed. With `loses_answer`, the charge takes effect, and the connection closes without a response.
    """

    decline_reason: str = ""
    answers_late: bool = False
    loses_answer: bool = False


@dataclass(frozen=True)
class WellKnownCard:
    """A test card: its number and its token always work."""

    token: str
    number: str
    effect: str
    behavior: Behavior = Behavior()


WELL_KNOWN_CARDS = (
    WellKnownCard("tok_visa", "4242424242424242", "succeeds"),
    WellKnownCard("tok_mastercard", "5555555555554444", "succeeds"),
    WellKnownCard("tok_declined", "4000000000000002", "is declined", Behavior(CARD_DECLINED)),
    WellKnownCard(
        "tok_insufficient_funds",
        "4000000000009995",
        "is declined due to insufficient funds",
        Behavior(INSUFFICIENT_FUNDS),
    ),
    WellKnownCard("tok_slow", "4000000000000077", "succeeds, but answers late", Behavior(answers_late=True)),
    WellKnownCard(
        "tok_lost_answer",
        "4000000000000119",
        "succeeds, but the connection closes without an answer",
        Behavior(loses_answer=True),
    ),
)
_BY_TOKEN: Mapping[str, WellKnownCard] = MappingProxyType({card.token: card for card in WELL_KNOWN_CARDS})
_BY_NUMBER: Mapping[str, str] = MappingProxyType({card.number: card.token for card in WELL_KNOWN_CARDS})


def checked_card(number: str, expiry: str, cvc: str, name: str, today: date) -> Card:
    """Return the card if its data is valid today; `expiry` is "MM/YY".

    Raises CardNumberInvalid, CardExpiryInvalid, CardExpired, CardCvcInvalid and CardNameInvalid.
    """
    digits = digits_of(number)
    _check_expiry(expiry, today)
    if not re.fullmatch(r"[0-9]{3,4}", cvc):
        raise CardCvcInvalid("The security code has three or four digits.")
    if not name.strip() or len(name) > MAX_NAME_LENGTH or not name.isprintable():
        raise CardNameInvalid(f"The name on the card has 1 to {MAX_NAME_LENGTH} characters.")
    return Card(_brand(digits), digits[-4:])


def digits_of(number: str) -> str:
    """Return the digits of a card number, which may be in groups. Raises CardNumberInvalid."""
    digits = re.sub(r"[ -]", "", number)
    if not re.fullmatch(r"[0-9]{13,19}", digits) or not _passes_luhn(digits):
        raise CardNumberInvalid("This is not a valid card number. Check it, or use one of the test cards.")
    return digits


def well_known_token(digits: str) -> str | None:
    """Return the token of the test card with this number. Returns None if it is not a test card's number."""
    return _BY_NUMBER.get(digits)


def is_well_known(token: str) -> bool:
    """Return whether the token is that of a test card."""
    return token in _BY_TOKEN


def is_well_formed(token: str) -> bool:
    """Return whether the token has the form of the bank's tokens."""
    return re.fullmatch(r"tok_[a-z0-9_]{1,60}", token) is not None


def behavior_of(token: str) -> Behavior:
    """Return what happens if this card is charged. A card that is not a test card succeeds at once."""
    card = _BY_TOKEN.get(token)
    return card.behavior if card else Behavior()


def _check_expiry(expiry: str, today: date) -> None:
    found = re.fullmatch(r"(0[1-9]|1[0-2])/([0-9]{2})", expiry)
    if found is None:
        raise CardExpiryInvalid('The expiry is a month like "04/29".')
    month, year = int(found[1]), 2000 + int(found[2])
    if (year, month) < (today.year, today.month):
        raise CardExpired("This card has expired.")


def _passes_luhn(digits: str) -> bool:
    total = 0
    for position, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + position % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def _brand(digits: str) -> str:
    if digits.startswith("4"):
        return "visa"
    if 51 <= int(digits[:2]) <= 55 or 2221 <= int(digits[:4]) <= 2720:
        return "mastercard"
    if digits[:2] in ("34", "37"):
        return "amex"
    return "other"
