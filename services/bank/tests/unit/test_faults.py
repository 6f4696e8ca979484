import pytest

from bank.domain.faults import BankDown, BankFlaky, Faults, FaultsInvalid

SAMPLES = [number / 100 for number in range(100)]


def outcome(faults, sample):
    try:
        faults.check_accepted(sample)
    except BankFlaky:
        return "rejected"
    return "response lost" if faults.loses_response(sample) else "normal"


def test_by_default_there_are_no_faults():
    Faults().check_up()
    assert {outcome(Faults(), sample) for sample in SAMPLES} == {"normal"}


def test_a_bank_that_is_down_rejects_every_call():
    with pytest.raises(BankDown):
        Faults(down=True).check_up()


def test_half_of_the_failures_of_a_flaky_bank_come_before_the_effect_and_half_after_it():
    outcomes = [outcome(Faults(error_share=0.3), sample) for sample in SAMPLES]
    assert (outcomes.count("rejected"), outcomes.count("response lost")) == (15, 15)


def test_a_bank_can_fail_every_call():
    assert "normal" not in {outcome(Faults(error_share=1), sample) for sample in SAMPLES}


@pytest.mark.parametrize("seconds", [-0.1, 60.1, float("nan"), float("inf"), 10**400])
def test_a_delay_out_of_range_is_rejected(seconds):
    with pytest.raises(FaultsInvalid, match="delaySeconds is a number from 0 to 60"):
        Faults(delay_seconds=seconds)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_an_error_share_out_of_range_is_rejected(share):
    with pytest.raises(FaultsInvalid, match="errorShare is a number from 0 to 1"):
        Faults(error_share=share)
