import pytest

from shipping.domain.countries import COUNTRIES, EUROPE, HOME
from shipping.domain.quotes import (
    MAX_QUANTITY,
    AmountInvalid,
    CountryInvalid,
    QuantityInvalid,
    quote,
    rate_to,
)

DESTINATIONS = ["NL", "DE", "JP"]


def test_there_are_as_many_countries_as_the_standard_assigns():
    assert len(COUNTRIES) == 249


def test_every_zone_is_made_of_countries():
    assert EUROPE | {HOME} <= COUNTRIES


def test_a_quote_is_a_base_and_so_much_a_piece():
    assert quote("NL", quantity=3, subtotal=1000) == 395 + 3 * 25


def test_the_farther_the_dearer():
    home, europe, world = (quote(country, quantity=1, subtotal=1000) for country in DESTINATIONS)
    assert home < europe < world


@pytest.mark.parametrize("country", DESTINATIONS)
def test_every_piece_more_costs_more(country):
    assert quote(country, quantity=1, subtotal=0) < quote(country, quantity=2, subtotal=0)


@pytest.mark.parametrize("country", DESTINATIONS)
def test_a_parcel_of_a_certain_value_travels_free(country):
    assert quote(country, quantity=9, subtotal=rate_to(country).free_from) == 0


@pytest.mark.parametrize("country", DESTINATIONS)
def test_one_cent_below_that_value_it_is_paid_for(country):
    assert quote(country, quantity=9, subtotal=rate_to(country).free_from - 1) > 0


@pytest.mark.parametrize("country", ["", "nl", "NLD", "XX", "EU", "UK", "N\0", "\uff2e\uff2c"])
def test_what_is_no_country_code_is_refused(country):
    with pytest.raises(CountryInvalid):
        quote(country, quantity=1, subtotal=1000)


@pytest.mark.parametrize("quantity", [-1, 0, MAX_QUANTITY + 1, 2**31 - 1])
def test_a_parcel_of_no_or_too_many_pieces_is_refused(quantity):
    with pytest.raises(QuantityInvalid):
        quote("NL", quantity=quantity, subtotal=1000)


def test_a_basket_of_negative_value_is_refused():
    with pytest.raises(AmountInvalid):
        quote("NL", quantity=1, subtotal=-1)
