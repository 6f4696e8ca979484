from dataclasses import replace

import pytest

from orders.domain.orders import (
    Address,
    AddressInvalid,
    IdempotencyKeyInvalid,
    IdempotencyKeyMissing,
    Line,
    OrderRequest,
    PaymentTokenInvalid,
)

ADDRESS = Address("Ada", "1 Lane", "", "London", "SW1", "GB")
REQUEST = OrderRequest("account", "ada@example.com", "key", ADDRESS, "tok_visa")


def test_an_address_is_stripped_of_spaces():
    assert replace(ADDRESS, name="  Ada  ").name == "Ada"


@pytest.mark.parametrize("field", ["name", "line1", "city", "postal_code", "country_code"])
def test_an_address_without_a_required_field_is_invalid(field):
    with pytest.raises(AddressInvalid) as error:
        replace(ADDRESS, **{field: "  "})
    assert error.value.metadata == {"field": field}


@pytest.mark.parametrize(("field", "maximum"), [("name", 100), ("line1", 200), ("line2", 200), ("city", 100)])
def test_an_address_with_a_long_field_is_invalid(field, maximum):
    assert replace(ADDRESS, **{field: "x" * maximum})
    with pytest.raises(AddressInvalid):
        replace(ADDRESS, **{field: "x" * (maximum + 1)})


@pytest.mark.parametrize("country", ["gb", "GBR", "G1", "ÄÖ"])
def test_a_country_is_two_capital_letters(country):
    with pytest.raises(AddressInvalid):
        replace(ADDRESS, country_code=country)


def test_an_address_with_control_characters_is_invalid():
    with pytest.raises(AddressInvalid):
        replace(ADDRESS, city="Lon\0don")


def test_a_request_needs_an_idempotency_key():
    with pytest.raises(IdempotencyKeyMissing):
        replace(REQUEST, idempotency_key="")


@pytest.mark.parametrize("key", ["with space", "x" * 129, "ключ", "a\nb"])
def test_an_idempotency_key_of_another_format_is_invalid(key):
    with pytest.raises(IdempotencyKeyInvalid):
        replace(REQUEST, idempotency_key=key)


@pytest.mark.parametrize("token", ["", "with space", "x" * 65, "a\0"])
def test_a_payment_token_of_another_format_is_invalid(token):
    with pytest.raises(PaymentTokenInvalid):
        replace(REQUEST, payment_token=token)


def test_the_hash_does_not_depend_on_the_idempotency_key():
    assert replace(REQUEST, idempotency_key="other").hash == REQUEST.hash


def test_the_hash_depends_on_the_address_and_the_card():
    hashes = {
        REQUEST.hash,
        replace(REQUEST, payment_token="tok_other").hash,
        replace(REQUEST, address=replace(ADDRESS, city="Paris")).hash,
    }
    assert len(hashes) == 3


def test_a_line_costs_its_price_times_its_quantity():
    assert Line("lamp", "Lamp", 3, 1999).total_cents == 5997
