"""What sending a parcel costs: a base and so much a piece, by zone; from a certain value on it is free."""

from dataclasses import dataclass

from shipping.domain.countries import COUNTRIES, EUROPE, HOME

MAX_QUANTITY = 5000


class CountryInvalid(Exception):
    """Not a country's code."""


class QuantityInvalid(Exception):
    """No parcel holds so few or so many pieces."""


class AmountInvalid(Exception):
    """No basket is worth that."""


@dataclass(frozen=True)
class Rate:
    """The prices of one zone, in cents."""

    base: int
    per_piece: int
    free_from: int


HOME_RATE = Rate(base=395, per_piece=25, free_from=7_500)
EUROPE_RATE = Rate(base=995, per_piece=75, free_from=15_000)
WORLD_RATE = Rate(base=1_995, per_piece=150, free_from=30_000)


def quote(country: str, quantity: int, subtotal: int) -> int:
    """The price in cents of sending so many pieces, worth `subtotal` cents, to a country.

    Raises CountryInvalid, QuantityInvalid, AmountInvalid.
    """
    rate = rate_to(country)
    if not 1 <= quantity <= MAX_QUANTITY:
        raise QuantityInvalid(f"A parcel has 1 to {MAX_QUANTITY} pieces.")
    if subtotal < 0:
        raise AmountInvalid("A subtotal is not negative.")
    return 0 if subtotal >= rate.free_from else rate.base + quantity * rate.per_piece


def rate_to(country: str) -> Rate:
    """The rate of the zone that the country is in. Raises CountryInvalid."""
    if country not in COUNTRIES:
        raise CountryInvalid("A country is an ISO 3166-1 alpha-2 code in upper case, for example NL.")
    if country == HOME:
        return HOME_RATE
    return EUROPE_RATE if country in EUROPE else WORLD_RATE
