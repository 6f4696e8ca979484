import pytest

from bank.config import Config
from chassis.config import ConfigError, read

GOOD = {"DATABASE_URL": "postgresql://bank@db/bank", "BANK_API_KEY": "key"}


def test_the_api_key_is_required():
    with pytest.raises(ConfigError, match="BANK_API_KEY is missing"):
        read(Config, {**GOOD, "BANK_API_KEY": ""})


@pytest.mark.parametrize("seconds", ["-1", "61", "nan", "slow"])
def test_a_delay_of_the_slow_card_out_of_range_is_rejected(seconds):
    with pytest.raises(ConfigError, match="BANK_SLOW_SECONDS"):
        read(Config, {**GOOD, "BANK_SLOW_SECONDS": seconds})
