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


def test_the_number_of_countries_is_that_of_the_standard():
    assert len(COUNTRIES) == 249


def test_every_zone_consists_of_countries():
    assert EUROPE | {HOME} <= COUNTRIES


def test_a_quote_is_a_base_and_an_amount_for_each_unit():
    assert quote("NL", quantity=3, subtotal=1000) == 395 + 3 * 25


def test_a_farther_zone_costs_more():
    home, europe, world = (quote(country, quantity=1, subtotal=1000) for country in DESTINATIONS)
    assert home < europe < world


@pytest.mark.parametrize("country", DESTINATIONS)
def test_each_further_unit_costs_more(country):
    assert quote(country, quantity=1, subtotal=0) < quote(country, quantity=2, subtotal=0)


@pytest.mark.parametrize("country", DESTINATIONS)
def test_an_order_of_a_certain_value_ships_free(country):
    assert quote(country, quantity=9, subtotal=rate_to(country).free_from) == 0


@pytest.mark.parametrize("country", DESTINATIONS)
def test_an_order_one_cent_below_that_value_does_not_ship_free(country):
    assert quote(country, quantity=9, subtotal=rate_to(country).free_from - 1) > 0


@pytest.mark.parametrize("country", ["", "nl", "NLD", "XX", "EU", "UK", "N\0", "\uff2e\uff2c"])
def test_an_unknown_country_code_is_invalid(country):
    with pytest.raises(CountryInvalid):
        quote(country, quantity=1, subtotal=1000)


@pytest.mark.parametrize("quantity", [-1, 0, MAX_QUANTITY + 1, 2**31 - 1])
def test_a_quantity_out_of_range_is_invalid(quantity):
    with pytest.raises(QuantityInvalid):
        quote("NL", quantity=quantity, subtotal=1000)


def test_a_negative_value_is_invalid():
    with pytest.raises(AmountInvalid):
        quote("NL", quantity=1, subtotal=-1)
