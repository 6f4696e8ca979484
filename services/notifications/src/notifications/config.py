"""The environment variables of notifications."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self
from urllib.parse import unquote, urlsplit

from chassis.config import ServiceConfig
from notifications.domain.emails import is_email_address


class SmtpUrl(str):
    """smtp://user:password@host:port, or empty. The port (25) and user and password are optional."""

    def __new__(cls, text: str = "") -> Self:
        try:
            parts = urlsplit(text)
            credentials = unquote(f"{parts.username}{parts.password}")
            well_formed = (
                parts.scheme == "smtp" and parts.hostname and parts.port != 0 and credentials.isascii()
            )
        except ValueError:
            well_formed = False
        if text and not well_formed:  # the error does not quote the text, which may contain a password
            raise ValueError("must look like smtp://user:password@host:port")
        return super().__new__(cls, text)

    @property
    def host(self) -> str:
        """The host of the mail server."""
        return urlsplit(self).hostname or ""

    @property
    def port(self) -> int:
        """The TCP port of the mail server."""
        return urlsplit(self).port or 25

    @property
    def user(self) -> str:
        """The user to authenticate as, or empty."""
        return unquote(urlsplit(self).username or "")

    @property
    def password(self) -> str:
        """The password of the user."""
        return unquote(urlsplit(self).password or "")


class MailAddress(str):
    """An email address."""

    def __new__(cls, text: str) -> Self:
        if not is_email_address(text):
            raise ValueError(f"{text!r} is not an email address")
        return super().__new__(cls, text)


class WebAddress(str):
    """The URL of a website, without a trailing slash."""

    def __new__(cls, text: str) -> Self:
        if not text.startswith(("http://", "https://")):
            raise ValueError(f"{text!r} does not begin with http:// or https://")
        return super().__new__(cls, text.rstrip("/"))


_NO_SERVER = SmtpUrl()
_SENDER = MailAddress("orders@night-market.example")
_SHOP = WebAddress("http://127.0.0.1:8080")


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    """See README.md for each variable."""

    service: ClassVar[str] = "notifications"

    database_url: str
    nats_url: str
    smtp_url: SmtpUrl = _NO_SERVER
    mail_dir: Path = Path("mail")
    mail_from: MailAddress = _SENDER
    shop_url: WebAddress = _SHOP
