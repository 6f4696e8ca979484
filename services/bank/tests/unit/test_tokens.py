import pytest

from bank.domain.tokens import (
    WELL_KNOWN_CARDS,
    Behaviour,
    behaviour_of,
    is_well_known,
    looks_like_a_token,
    well_known_token,
)


def test_a_test_cards_number_stands_for_its_token():
    assert all(well_known_token(card.number) == card.token for card in WELL_KNOWN_CARDS)
    assert well_known_token("4111111111111111") is None


def test_each_test_card_behaves_as_its_name_says():
    assert behaviour_of("tok_visa") == behaviour_of("tok_mastercard") == Behaviour()
    assert behaviour_of("tok_declined").decline_reason == "CARD_DECLINED"
    assert behaviour_of("tok_insufficient_funds").decline_reason == "INSUFFICIENT_FUNDS"
    assert behaviour_of("tok_slow").answers_late
    assert behaviour_of("tok_lost_answer").loses_answer


def test_any_other_card_has_money():
    assert behaviour_of("tok_0123456789ab") == Behaviour()
    assert not is_well_known("tok_0123456789ab")


@pytest.mark.parametrize("token", ["", "tok_", "tok_\0", "tok_" + "a" * 61, "4242424242424242", "tok_visa\n"])
def test_what_the_bank_can_not_have_made_does_not_look_like_a_token(token):
    assert not looks_like_a_token(token)
