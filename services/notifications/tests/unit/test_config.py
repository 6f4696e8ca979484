import pytest

from chassis.config import ConfigError, read
from notifications.config import Config

SERVERS = {"DATABASE_URL": "postgresql://localhost/notifications", "NATS_URL": "nats://localhost"}


def configured(**variables):
    return read(Config, {**SERVERS, **variables})


def test_without_a_mail_server_mails_go_to_a_folder():
    config = configured()
    assert not config.smtp_url
    assert str(config.mail_dir) == "mail"


def test_a_mail_server_is_read_with_its_user_and_password():
    url = configured(SMTP_URL="smtp://market:p%40ss@mail.example:2525").smtp_url
    assert (url.host, url.port, url.user, url.password) == ("mail.example", 2525, "market", "p@ss")


def test_a_mail_server_without_a_port_listens_on_the_usual_one():
    url = configured(SMTP_URL="smtp://mail.example").smtp_url
    assert (url.port, url.user) == (25, "")


@pytest.mark.parametrize(
    "text",
    ["mail.example:25", "http://mail.example", "smtp://", "smtp://a:top@b:port", "smtp://a:t%C3%B6p@b"],
)
def test_a_mail_server_that_cannot_be_understood_is_named_without_its_password(text):
    with pytest.raises(ConfigError, match="SMTP_URL: must look like") as refused:
        configured(SMTP_URL=text)
    assert "top" not in str(refused.value)


@pytest.mark.parametrize("variable", ["MAIL_FROM", "SHOP_URL"])
def test_an_address_that_is_none_is_named(variable):
    with pytest.raises(ConfigError, match=variable):
        configured(**{variable: "not an address"})


def test_the_shop_is_linked_to_without_a_double_slash():
    assert configured(SHOP_URL="https://shop.example/").shop_url == "https://shop.example"
