from datetime import date

import pytest

from bank.domain.cards import (
    Card,
    CardCvcInvalid,
    CardExpired,
    CardExpiryInvalid,
    CardNameInvalid,
    CardNumberInvalid,
    checked,
)

TODAY = date(2030, 6, 15)
GOOD = {"number": "4242-4242 42424242", "expiry": "06/30", "cvc": "123", "name": "Ada"}


def test_a_good_card_is_known_by_its_brand_and_its_last_digits():
    assert checked(**GOOD, today=TODAY) == Card("visa", "4242")


@pytest.mark.parametrize(
    ("number", "brand"),
    [
        ("5555555555554444", "mastercard"),
        ("2223003122003222", "mastercard"),
        ("378282246310005", "amex"),
        ("6011111111111117", "other"),
    ],
)
def test_the_brand_is_told_from_the_number(number, brand):
    assert checked(**{**GOOD, "number": number}, today=TODAY).brand == brand


@pytest.mark.parametrize(
    "number", ["4242424242424241", "4224242424242424", "", "4" * 12, "0" * 20, "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢"]
)
def test_a_mistyped_number_is_refused(number):
    with pytest.raises(CardNumberInvalid):
        checked(**{**GOOD, "number": number}, today=TODAY)


def test_a_card_is_good_through_the_month_of_its_expiry():
    with pytest.raises(CardExpired):
        checked(**{**GOOD, "expiry": "05/30"}, today=TODAY)


@pytest.mark.parametrize("expiry", ["", "6/30", "00/30", "13/30", "06/2030", "06/30\n"])
def test_an_expiry_that_is_no_month_is_refused(expiry):
    with pytest.raises(CardExpiryInvalid):
        checked(**{**GOOD, "expiry": expiry}, today=TODAY)


@pytest.mark.parametrize("cvc", ["", "12", "12345", "12a"])
def test_a_security_code_has_three_or_four_digits(cvc):
    with pytest.raises(CardCvcInvalid):
        checked(**{**GOOD, "cvc": cvc}, today=TODAY)


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\0b"])
def test_a_name_is_there_and_can_be_printed(name):
    with pytest.raises(CardNameInvalid):
        checked(**{**GOOD, "name": name}, today=TODAY)
