import pytest
from google.type.money_pb2 import Money
from hypothesis import given
from hypothesis import strategies as st

from chassis import money
from chassis.errors import Invalid

CENTS = st.integers(-(10**15), 10**15)


@given(CENTS)
def test_an_amount_arrives_as_it_was_sent(cents):
    assert money.from_wire(money.to_wire(cents)) == cents


@given(CENTS)
def test_both_parts_of_an_amount_have_the_same_sign(cents):
    wire = money.to_wire(cents)
    assert wire.units * wire.nanos >= 0
    assert abs(wire.nanos) < 10**9


def test_an_amount_on_the_wire_has_units_and_nanos():
    assert money.to_wire(1999) == Money(currency_code="USD", units=19, nanos=990_000_000)


@pytest.mark.parametrize(
    "wire",
    [
        Money(),
        Money(currency_code="EUR", units=1),
        Money(currency_code="usd", units=1),
        Money(currency_code="USD", nanos=1),
        Money(currency_code="USD", nanos=5_000_000),
        Money(currency_code="USD", units=1, nanos=-10_000_000),
        Money(currency_code="USD", units=-1, nanos=10_000_000),
        Money(currency_code="USD", units=1, nanos=1_000_000_000),
    ],
)
def test_an_amount_that_is_not_whole_cents_of_the_currency_is_rejected(wire):
    with pytest.raises(Invalid) as failure:
        money.from_wire(wire)
    assert failure.value.reason == "AMOUNT_INVALID"


@pytest.mark.parametrize(
    ("cents", "text"),
    [(0, "$0.00"), (5, "$0.05"), (1999, "$19.99"), (-250, "-$2.50"), (123_456_789, "$1,234,567.89")],
)
def test_an_amount_is_formatted_as_text(cents, text):
    assert money.text(cents) == text
