import pytest

from chassis.config import ConfigError, read
from storefront.config import Config

ENVIRONMENT = {
    **{
        f"{name}_ADDR": "127.0.0.1:1"
        for name in ("CATALOG", "INVENTORY", "CART", "ORDERS", "RECOMMENDATIONS")
    },
    "ACCOUNTS_URL": "http://127.0.0.1:2",
    "SECRET_KEY": "a long enough secret",
}


def test_the_addresses_and_the_secret_are_read_from_the_environment():
    config = read(Config, ENVIRONMENT)
    assert (config.orders_addr, config.secret_key) == ("127.0.0.1:1", "a long enough secret")


def test_the_secret_can_be_read_from_a_file(tmp_path):
    file = tmp_path / "secret"
    file.write_text("a long enough secret in a file\n")
    environment = {name: value for name, value in ENVIRONMENT.items() if name != "SECRET_KEY"}
    config = read(Config, environment | {"SECRET_KEY_FILE": str(file)})
    assert config.secret_key == "a long enough secret in a file"


def test_the_error_names_every_missing_variable():
    with pytest.raises(ConfigError) as error:
        read(Config, {})
    assert {line.split()[1] for line in str(error.value).splitlines()} == set(ENVIRONMENT)


def test_a_short_secret_is_an_error():
    with pytest.raises(ConfigError, match="at least 16 characters"):
        read(Config, ENVIRONMENT | {"SECRET_KEY": "secret"})
