"""What the notifications take from the environment."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self
from urllib.parse import unquote, urlsplit

from chassis.config import ServiceConfig
from notifications.domain.delivery import can_be_written_to


class SmtpUrl(str):
    """smtp://user:password@host:port, or empty. The port may be left out (25), user and password too."""

    def __new__(cls, text: str = "") -> Self:
        try:
            parts = urlsplit(text)
            credentials = unquote(f"{parts.username}{parts.password}")
            well_formed = (
                parts.scheme == "smtp" and parts.hostname and parts.port != 0 and credentials.isascii()
            )
        except ValueError:
            well_formed = False
        if text and not well_formed:  # the text is not repeated: there may be a password in it
            raise ValueError("must look like smtp://user:password@host:port")
        return super().__new__(cls, text)

    @property
    def host(self) -> str:
        """Where the mail server is."""
        return urlsplit(self).hostname or ""

    @property
    def port(self) -> int:
        """Its TCP port."""
        return urlsplit(self).port or 25

    @property
    def user(self) -> str:
        """Whom to sign in as; empty: nobody."""
        return unquote(urlsplit(self).username or "")

    @property
    def password(self) -> str:
        """The user's password."""
        return unquote(urlsplit(self).password or "")


class MailAddress(str):
    """An e-mail address."""

    def __new__(cls, text: str) -> Self:
        if not can_be_written_to(text):
            raise ValueError(f"{text!r} is not an e-mail address")
        return super().__new__(cls, text)


class WebAddress(str):
    """The address of a web site, without a slash at its end."""

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
