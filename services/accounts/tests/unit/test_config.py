from datetime import timedelta

import pytest

from accounts.config import Config
from chassis.config import ConfigError, read

DATABASE = {"DATABASE_URL": "postgresql://localhost/accounts"}


def test_by_default_tokens_are_valid_for_a_day_and_new_keys_wait_a_minute():
    config = read(Config, DATABASE)
    assert (config.token_lifetime, config.activation) == (timedelta(hours=24), timedelta(seconds=60))


@pytest.mark.parametrize("name", ["TOKEN_HOURS", "ACTIVATE_SECONDS"])
@pytest.mark.parametrize("value", ["-1", "1000000", "soon", "1.5"])
def test_an_invalid_time_is_rejected_with_its_variable(name, value):
    with pytest.raises(ConfigError, match=name):
        read(Config, {**DATABASE, name: value})
