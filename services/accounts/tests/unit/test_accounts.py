import pytest

from accounts.domain.accounts import (
    LONGEST_PASSWORD,
    EmailInvalid,
    NameInvalid,
    PasswordTooLong,
    PasswordTooShort,
    checked_name,
    checked_password,
    normalised_email,
    normalised_password,
)


def test_an_address_is_the_same_whatever_its_case_and_the_space_around_it():
    assert normalised_email("  Ming.Li+market@Example.ORG\n") == "ming.li+market@example.org"


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
def test_what_is_not_an_address_is_refused(text):
    with pytest.raises(EmailInvalid):
        normalised_email(text)


def test_a_name_keeps_its_letters_and_loses_needless_space():
    assert checked_name("  Zoë \t Nguyễn ") == "Zoë Nguyễn"


@pytest.mark.parametrize("joiner", ["\u200c", "\u200d"])
def test_a_name_may_have_characters_that_are_joined(joiner):
    assert checked_name(f"Ming{joiner}Li") == f"Ming{joiner}Li"


@pytest.mark.parametrize("text", ["", " \n", "x" * 101, "Ming\0", "Ming\ud800", "\u202egniM", "Ming\x1b[31m"])
def test_a_name_that_nobody_can_see_or_read_is_refused(text):
    with pytest.raises(NameInvalid):
        checked_name(text)


def test_a_password_has_eight_characters_at_least():
    assert checked_password("12345678") == "12345678"
    with pytest.raises(PasswordTooShort):
        checked_password("1234567")


def test_a_password_has_a_bound():
    assert checked_password("x" * LONGEST_PASSWORD)
    with pytest.raises(PasswordTooLong):
        checked_password("x" * (LONGEST_PASSWORD + 1))


def test_a_password_is_the_same_however_the_keyboard_composes_it():
    assert normalised_password("cafe\u0301 bleu") == normalised_password("caf\u00e9 bleu")
