"""Money: integer minor units (cents) inside, google.type.Money on the wire. There is one currency."""

from google.type.money_pb2 import Money

from chassis.errors import Invalid

CURRENCY = "USD"
_NANOS_PER_CENT = 10_000_000
_NANOS_PER_UNIT = 1_000_000_000


def to_wire(cents: int) -> Money:
    """1999 -> {currencyCode: USD, units: 19, nanos: 990000000}; both parts carry the sign."""
    units, rest = divmod(abs(cents), 100)
    sign = -1 if cents < 0 else 1
    return Money(currency_code=CURRENCY, units=sign * units, nanos=sign * rest * _NANOS_PER_CENT)


def from_wire(money: Money) -> int:
    """Return the cents. Raises Invalid (AMOUNT_INVALID) for another currency, a fraction of a cent or mixed signs."""
    cents, rest = divmod(money.nanos, _NANOS_PER_CENT)
    well_formed = abs(money.nanos) < _NANOS_PER_UNIT and money.units * money.nanos >= 0
    if money.currency_code != CURRENCY or rest or not well_formed:
        raise Invalid("AMOUNT_INVALID", f"Amounts are whole cents of {CURRENCY}.")
    return money.units * 100 + cents


def text(cents: int) -> str:
    """1999 -> "$19.99"."""
    return f"{'-' if cents < 0 else ''}${abs(cents) // 100:,}.{abs(cents) % 100:02d}"
