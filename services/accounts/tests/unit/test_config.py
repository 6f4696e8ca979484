from datetime import timedelta

import pytest

from accounts.config import Config
from chassis.config import ConfigError, read

DATABASE = {"DATABASE_URL": "postgresql://localhost/accounts"}


def test_tokens_live_a_day_and_new_keys_wait_a_minute_by_default():
    config = read(Config, DATABASE)
    assert (config.token_lifetime, config.activation) == (timedelta(hours=24), timedelta(seconds=60))


@pytest.mark.parametrize("name", ["TOKEN_HOURS", "ACTIVATE_SECONDS"])
@pytest.mark.parametrize("value", ["-1", "1000000", "soon", "1.5"])
def test_a_time_that_makes_no_sense_is_named(name, value):
    with pytest.raises(ConfigError, match=name):
        read(Config, {**DATABASE, name: value})
