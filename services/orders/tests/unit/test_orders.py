from dataclasses import replace

import pytest

from orders.domain.orders import (
    Address,
    AddressInvalid,
    IdempotencyKeyInvalid,
    IdempotencyKeyMissing,
    Line,
    PaymentTokenInvalid,
    Request,
)

ADDRESS = Address("Ada", "1 Lane", "", "London", "SW1", "GB")
REQUEST = Request("account", "ada@example.com", "key", ADDRESS, "tok_visa")


def test_an_address_is_stripped():
    assert replace(ADDRESS, name="  Ada  ").name == "Ada"


@pytest.mark.parametrize("field", ["name", "line1", "city", "postal_code", "country_code"])
def test_an_address_needs_its_fields(field):
    with pytest.raises(AddressInvalid) as refused:
        replace(ADDRESS, **{field: "  "})
    assert refused.value.metadata == {"field": field}


@pytest.mark.parametrize(("field", "longest"), [("name", 100), ("line1", 200), ("line2", 200), ("city", 100)])
def test_an_address_has_bounds(field, longest):
    assert replace(ADDRESS, **{field: "x" * longest})
    with pytest.raises(AddressInvalid):
        replace(ADDRESS, **{field: "x" * (longest + 1)})


@pytest.mark.parametrize("country", ["gb", "GBR", "G1", "ÄÖ"])
def test_a_country_is_two_capital_letters(country):
    with pytest.raises(AddressInvalid):
        replace(ADDRESS, country_code=country)


def test_an_address_cannot_hide_control_characters():
    with pytest.raises(AddressInvalid):
        replace(ADDRESS, city="Lon\0don")


def test_a_request_needs_an_idempotency_key():
    with pytest.raises(IdempotencyKeyMissing):
        replace(REQUEST, idempotency_key="")


@pytest.mark.parametrize("key", ["with space", "x" * 129, "ключ", "a\nb"])
def test_an_idempotency_key_is_short_and_visible(key):
    with pytest.raises(IdempotencyKeyInvalid):
        replace(REQUEST, idempotency_key=key)


@pytest.mark.parametrize("token", ["", "with space", "x" * 201, "a\0"])
def test_a_payment_token_is_the_banks_word(token):
    with pytest.raises(PaymentTokenInvalid):
        replace(REQUEST, payment_token=token)


def test_equal_requests_have_equal_hashes_whatever_their_key():
    assert replace(REQUEST, idempotency_key="other").hash == REQUEST.hash


def test_another_address_or_card_is_another_request():
    hashes = {
        REQUEST.hash,
        replace(REQUEST, payment_token="tok_other").hash,
        replace(REQUEST, address=replace(ADDRESS, city="Paris")).hash,
    }
    assert len(hashes) == 3


def test_a_line_costs_its_price_times_its_pieces():
    assert Line("lamp", "Lamp", 3, 1999).total_cents == 5997
