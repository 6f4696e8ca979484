"""Cards: what must be right about one, and what of it the bank remembers."""

import re
from dataclasses import dataclass
from datetime import date

_LONGEST_NAME = 100


class CardNumberInvalid(Exception):
    """Not the number of any card."""


class CardExpiryInvalid(Exception):
    """Not a month."""


class CardExpired(Exception):
    """The card was good once."""


class CardCvcInvalid(Exception):
    """Not a card's security code."""


class CardNameInvalid(Exception):
    """Nobody's name."""


@dataclass(frozen=True)
class Card:
    """All that the bank keeps of a card."""

    brand: str
    last4: str


def digits_of(number: str) -> str:
    """The digits of a card number, which may be in groups. Raises CardNumberInvalid."""
    digits = re.sub(r"[ -]", "", number)
    if not re.fullmatch(r"[0-9]{13,19}", digits) or not _passes_luhn(digits):
        raise CardNumberInvalid("This is not a card number. Check it, or take one of the test cards.")
    return digits


def checked(number: str, expiry: str, cvc: str, name: str, today: date) -> Card:
    """The card, where all that is printed on it makes sense today; `expiry` is "MM/YY"."""
    digits = digits_of(number)
    _check_expiry(expiry, today)
    if not re.fullmatch(r"[0-9]{3,4}", cvc):
        raise CardCvcInvalid("The security code has three or four digits.")
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        raise CardNameInvalid(f"The name on the card has 1 to {_LONGEST_NAME} characters.")
    return Card(_brand(digits), digits[-4:])


def _check_expiry(expiry: str, today: date) -> None:
    found = re.fullmatch(r"(0[1-9]|1[0-2])/([0-9]{2})", expiry)
    if found is None:
        raise CardExpiryInvalid('The expiry is a month like "04/29".')
    month, year = int(found[1]), 2000 + int(found[2])
    if (year, month) < (today.year, today.month):
        raise CardExpired("This card has expired.")


def _passes_luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + place % 2)
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
