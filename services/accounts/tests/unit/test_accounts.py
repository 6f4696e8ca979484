import pytest

from accounts.domain.accounts import (
    EmailInvalid,
    NameInvalid,
    PasswordTooLong,
    PasswordTooShort,
    checked_name,
    checked_password,
    normalized_email,
    normalized_password,
)
from nightmarket.limits import MAX_PASSWORD


def test_an_address_ignores_case_and_surrounding_spaces():
    assert normalized_email("  Ming.Li+market@Example.ORG\n") == "ming.li+market@example.org"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ming",
        "ming@",
        "@example.org",
        "ming@example",
        "ming@@example.org",
        "ming li@example.org",
        ".ming@example.org",
        "ming..li@example.org",
        "ming@-example.org",
        "ming@example..org",
        "ming@example.org\0",
        "ming@example.org\r\nBcc: all@example.org",
        "\u212aim@example.org",
        "m" * 65 + "@example.org",
        "ming@" + "example." * 40 + "org",
    ],
)
def test_an_invalid_address_is_rejected(text):
    with pytest.raises(EmailInvalid):
        normalized_email(text)


def test_a_name_keeps_its_letters_and_loses_extra_spaces():
    assert checked_name("  Zoë \t Nguyễn ") == "Zoë Nguyễn"


@pytest.mark.parametrize("joiner", ["\u200c", "\u200d"])
def test_a_name_may_have_joined_characters(joiner):
    assert checked_name(f"Ming{joiner}Li") == f"Ming{joiner}Li"


@pytest.mark.parametrize("text", ["", " \n", "x" * 101, "Ming\0", "Ming\ud800", "\u202egniM", "Ming\x1b[31m"])
def test_an_empty_invisible_or_too_long_name_is_rejected(text):
    with pytest.raises(NameInvalid):
        checked_name(text)


def test_a_password_has_at_least_eight_characters():
    assert checked_password("12345678") == "12345678"
    with pytest.raises(PasswordTooShort):
        checked_password("1234567")


def test_a_password_has_a_maximum_length():
    assert checked_password("x" * MAX_PASSWORD)
    with pytest.raises(PasswordTooLong):
        checked_password("x" * (MAX_PASSWORD + 1))


def test_a_password_is_independent_of_character_composition():
    assert normalized_password("cafe\u0301 bleu") == normalized_password("caf\u00e9 bleu")
