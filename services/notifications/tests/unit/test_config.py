import pytest

from chassis.config import ConfigError, read
from notifications.config import Config

SERVERS = {"DATABASE_URL": "postgresql://localhost/notifications", "NATS_URL": "nats://localhost"}


def configured(**variables):
    return read(Config, {**SERVERS, **variables})


def test_without_a_mail_server_emails_go_to_a_folder():
    config = configured()
    assert not config.smtp_url
    assert str(config.mail_dir) == "mail"


def test_the_url_of_a_mail_server_has_user_and_password():
    url = configured(SMTP_URL="smtp://market:p%40ss@mail.example:2525").smtp_url
    assert (url.host, url.port, url.user, url.password) == ("mail.example", 2525, "market", "p@ss")


def test_the_default_port_of_a_mail_server_is_25():
    url = configured(SMTP_URL="smtp://mail.example").smtp_url
    assert (url.port, url.user) == (25, "")


@pytest.mark.parametrize(
    "text",
    ["mail.example:25", "http://mail.example", "smtp://", "smtp://a:top@b:port", "smtp://a:t%C3%B6p@b"],
)
def test_the_error_about_a_malformed_url_does_not_contain_the_password(text):
    with pytest.raises(ConfigError, match="SMTP_URL: must look like") as error:
        configured(SMTP_URL=text)
    assert "top" not in str(error.value)


@pytest.mark.parametrize("variable", ["MAIL_FROM", "SHOP_URL"])
def test_the_error_about_a_malformed_address_names_the_variable(variable):
    with pytest.raises(ConfigError, match=variable):
        configured(**{variable: "not an address"})


def test_the_url_of_the_shop_has_no_trailing_slash():
    assert configured(SHOP_URL="https://shop.example/").shop_url == "https://shop.example"
