"""Mails, written: a notice -> plain text and HTML -> RFC 5322."""

from datetime import datetime
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime, formataddr
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from chassis import money
from notifications.domain.delivery import Letter, letter_id
from notifications.domain.notices import Notice

_NAME = "Night Market"
_POLICY = compat32.clone(linesep="\r\n")  # costs a third of the CPU that the newer policies take
_LONGEST_LINE = 990  # RFC 5321 lets a line have 998 characters


class Composer:
    """Writes mails that link to the shop at `shop_url` and come from the address `mail_from`."""

    def __init__(self, shop_url: str, mail_from: str) -> None:
        self._shop_url = shop_url
        self._mail_from = mail_from
        self._templates = Environment(
            loader=PackageLoader("notifications"),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
        )
        self._templates.filters["money"] = money.text

    def letter(self, notice: Notice, recipient: str, event_id: str, now: datetime) -> Letter:
        """The mail that tells `recipient` of an event; its Message-ID is the same whenever it is written."""
        known_as = letter_id(event_id)
        mail = MIMEMultipart("alternative", boundary=f"={known_as}", policy=_POLICY)
        mail["From"] = formataddr((_NAME, self._mail_from))
        mail["To"] = recipient
        mail["Subject"] = notice.subject
        mail["Date"] = format_datetime(now)
        mail["Message-ID"] = f"<{known_as}@{self._mail_from.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.attach(_part(self._text(notice, "txt"), "plain"))
        mail.attach(_part(self._text(notice, "html"), "html"))
        return Letter(known_as, recipient, mail.as_bytes())

    def _text(self, notice: Notice, form: str) -> str:
        link = f"{self._shop_url}/orders/{quote(notice.order_id, safe='')}"
        template = self._templates.get_template(f"{notice.kind}.{form}")
        return template.render(notice=notice, order_link=link, shop_link=f"{self._shop_url}/")


def _part(text: str, subtype: str) -> MIMEText:
    """A part of a mail: readable as it is where all mail servers let that through, else in base64."""
    readable = text.isascii() and max(map(len, text.splitlines())) < _LONGEST_LINE
    return MIMEText(text, subtype, "us-ascii" if readable else "utf-8", policy=_POLICY)
