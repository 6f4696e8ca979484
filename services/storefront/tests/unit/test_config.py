import pytest

from chassis.config import ConfigError, read
from storefront.config import Config

GIVEN = {
    **{
        f"{name}_ADDR": "127.0.0.1:1"
        for name in ("CATALOG", "INVENTORY", "CART", "ORDERS", "RECOMMENDATIONS")
    },
    "ACCOUNTS_URL": "http://127.0.0.1:2",
    "SECRET_KEY": "a long enough secret",
}


def test_the_addresses_and_the_secret_are_taken_from_the_environment():
    config = read(Config, GIVEN)
    assert (config.orders_addr, config.secret_key) == ("127.0.0.1:1", "a long enough secret")


def test_the_secret_may_be_in_a_file(tmp_path):
    file = tmp_path / "secret"
    file.write_text("a long enough secret in a file\n")
    given = {name: value for name, value in GIVEN.items() if name != "SECRET_KEY"} | {
        "SECRET_KEY_FILE": str(file)
    }
    assert read(Config, given).secret_key == "a long enough secret in a file"


def test_everything_that_is_missing_is_named_at_once():
    with pytest.raises(ConfigError) as refused:
        read(Config, {})
    named = {line.split()[1] for line in str(refused.value).splitlines()}
    assert named == set(GIVEN)


def test_a_secret_that_can_be_guessed_is_refused():
    with pytest.raises(ConfigError, match="at least 16 characters"):
        read(Config, GIVEN | {"SECRET_KEY": "secret"})
