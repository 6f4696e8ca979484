import pytest

from bank.domain.faults import BankDown, BankFlaky, Faults, FaultsInvalid

LUCKS = [number / 100 for number in range(100)]


def fate(faults, luck):
    try:
        faults.check_taken(luck)
    except BankFlaky:
        return "nothing happened"
    return "answer lost" if faults.loses_answer(luck) else "well"


def test_a_bank_is_well_unless_it_is_told_otherwise():
    Faults().check_up()
    assert {fate(Faults(), luck) for luck in LUCKS} == {"well"}


def test_a_bank_that_is_down_turns_everybody_away():
    with pytest.raises(BankDown):
        Faults(down=True).check_up()


def test_half_of_a_flaky_banks_failures_come_before_the_effect_and_half_after_it():
    fates = [fate(Faults(error_share=0.3), luck) for luck in LUCKS]
    assert (fates.count("nothing happened"), fates.count("answer lost")) == (15, 15)


def test_a_bank_can_fail_always():
    assert "well" not in {fate(Faults(error_share=1), luck) for luck in LUCKS}


@pytest.mark.parametrize("seconds", [-0.1, 60.1, float("nan"), float("inf"), 10**400])
def test_a_delay_is_within_reason(seconds):
    with pytest.raises(FaultsInvalid, match="delaySeconds is a number from 0 to 60"):
        Faults(delay_seconds=seconds)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_is_a_part_of_the_whole(share):
    with pytest.raises(FaultsInvalid, match="errorShare is a number from 0 to 1"):
        Faults(error_share=share)
