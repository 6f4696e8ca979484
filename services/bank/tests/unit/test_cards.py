from datetime import date

import pytest

from bank.domain.cards import (
    WELL_KNOWN_CARDS,
    Behavior,
    Card,
    CardCvcInvalid,
    CardExpired,
    CardExpiryInvalid,
    CardNameInvalid,
    CardNumberInvalid,
    behavior_of,
    checked_card,
    is_well_formed,
    is_well_known,
    well_known_token,
)

TODAY = date(2030, 6, 15)
GOOD = {"number": "4242-4242 42424242", "expiry": "06/30", "cvc": "123", "name": "Ada"}


def test_a_valid_card_keeps_its_brand_and_last_four_digits():
    assert checked_card(**GOOD, today=TODAY) == Card("visa", "4242")


@pytest.mark.parametrize(
    ("number", "brand"),
    [
        ("5555555555554444", "mastercard"),
        ("2223003122003222", "mastercard"),
        ("378282246310005", "amex"),
        ("6011111111111117", "other"),
    ],
)
def test_the_brand_depends_on_the_number(number, brand):
    assert checked_card(**{**GOOD, "number": number}, today=TODAY).brand == brand


@pytest.mark.parametrize(
    "number", ["4242424242424241", "4224242424242424", "", "4" * 12, "0" * 20, "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢"]
)
def test_an_invalid_number_is_rejected(number):
    with pytest.raises(CardNumberInvalid):
        checked_card(**{**GOOD, "number": number}, today=TODAY)


def test_a_card_expires_after_the_month_of_its_expiry():
    with pytest.raises(CardExpired):
        checked_card(**{**GOOD, "expiry": "05/30"}, today=TODAY)


@pytest.mark.parametrize("expiry", ["", "6/30", "00/30", "13/30", "06/2030", "06/30\n"])
def test_an_expiry_that_is_not_a_month_is_rejected(expiry):
    with pytest.raises(CardExpiryInvalid):
        checked_card(**{**GOOD, "expiry": expiry}, today=TODAY)


@pytest.mark.parametrize("cvc", ["", "12", "12345", "12a"])
def test_a_security_code_has_three_or_four_digits(cvc):
    with pytest.raises(CardCvcInvalid):
        checked_card(**{**GOOD, "cvc": cvc}, today=TODAY)


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\0b"])
def test_an_empty_or_unprintable_name_is_rejected(name):
    with pytest.raises(CardNameInvalid):
        checked_card(**{**GOOD, "name": name}, today=TODAY)


def test_a_test_cards_number_has_its_fixed_token():
    assert all(well_known_token(card.number) == card.token for card in WELL_KNOWN_CARDS)
    assert well_known_token("4111111111111111") is None


def test_each_test_card_has_the_behavior_of_its_name():
    assert behavior_of("tok_visa") == behavior_of("tok_mastercard") == Behavior()
    assert behavior_of("tok_declined").decline_reason == "CARD_DECLINED"
    assert behavior_of("tok_insufficient_funds").decline_reason == "INSUFFICIENT_FUNDS"
    assert behavior_of("tok_slow").answers_late
    assert behavior_of("tok_lost_answer").loses_answer


def test_any_other_card_succeeds():
    assert behavior_of("tok_0123456789ab") == Behavior()
    assert not is_well_known("tok_0123456789ab")


@pytest.mark.parametrize("token", ["", "tok_", "tok_\0", "tok_" + "a" * 61, "4242424242424242", "tok_visa\n"])
def test_a_malformed_token_is_detected(token):
    assert not is_well_formed(token)
