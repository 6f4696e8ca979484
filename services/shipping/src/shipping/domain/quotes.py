"""The cost of shipping: a base and an amount for each unit, by zone. Orders above a certain value ship free."""

from dataclasses import dataclass

from shipping.domain.countries import COUNTRIES, EUROPE, HOME

MAX_QUANTITY = 5000


class CountryInvalid(Exception):
    """The country code does not exist."""


class QuantityInvalid(Exception):
    """A shipment cannot have this number of units."""


class AmountInvalid(Exception):
    """The value of an order cannot be negative."""


@dataclass(frozen=True)
class Rate:
    """The prices of one zone, in cents."""

    base: int
    per_unit: int
    free_from: int


HOME_RATE = Rate(base=395, per_unit=25, free_from=7_500)
EUROPE_RATE = Rate(base=995, per_unit=75, free_from=15_000)
WORLD_RATE = Rate(base=1_995, per_unit=150, free_from=30_000)


def quote(country: str, quantity: int, subtotal: int) -> int:
    """Return the cost in cents of shipping `quantity` units, worth `subtotal` cents, to a country.

    Raises CountryInvalid, QuantityInvalid, AmountInvalid.
    """
    rate = rate_to(country)
    if not 1 <= quantity <= MAX_QUANTITY:
        raise QuantityInvalid(f"A shipment has 1 to {MAX_QUANTITY} units.")
    if subtotal < 0:
        raise AmountInvalid("A subtotal is not negative.")
    return 0 if subtotal >= rate.free_from else rate.base + quantity * rate.per_unit


def rate_to(country: str) -> Rate:
    """Return the rate of the country's zone. Raises CountryInvalid."""
    if country not in COUNTRIES:
        raise CountryInvalid("A country is an ISO 3166-1 alpha-2 code in upper case, for example NL.")
    if country == HOME:
        return HOME_RATE
    return EUROPE_RATE if country in EUROPE else WORLD_RATE
