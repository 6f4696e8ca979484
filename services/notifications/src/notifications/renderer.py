"""The email renderer: a notification becomes plain text and HTML, in RFC 5322 format."""

from datetime import datetime
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime, formataddr
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from chassis import money
from notifications.domain.emails import Email, email_id
from notifications.domain.notifications import Notification

_NAME = "Night Market"
_POLICY = compat32.clone(linesep="\r\n")  # a third of the CPU time of the newer policies
_MAX_LINE = 990  # RFC 5321 limits a line to 998 characters


class EmailRenderer:
    """Renders emails that link to the shop at `shop_url` and come from the address `mail_from`."""

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

    def render(self, notification: Notification, recipient: str, event_id: str, now: datetime) -> Email:
        """Return the email about an event. Its Message-ID is the same whenever it is rendered."""
        message_id = email_id(event_id)
        message = MIMEMultipart("alternative", boundary=f"={message_id}", policy=_POLICY)
        message["From"] = formataddr((_NAME, self._mail_from))
        message["To"] = recipient
        message["Subject"] = notification.subject
        message["Date"] = format_datetime(now)
        message["Message-ID"] = f"<{message_id}@{self._mail_from.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.attach(_part(self._text(notification, "txt"), "plain"))
        message.attach(_part(self._text(notification, "html"), "html"))
        return Email(message_id, recipient, message.as_bytes())

    def _text(self, notification: Notification, extension: str) -> str:
        link = f"{self._shop_url}/orders/{quote(notification.order_id, safe='')}"
        template = self._templates.get_template(f"{notification.kind}.{extension}")
        return template.render(notification=notification, order_link=link, shop_link=f"{self._shop_url}/")


def _part(text: str, subtype: str) -> MIMEText:
    """Return a part of an email, encoded in base64 unless every mail server accepts it unencoded."""
    is_plain = text.isascii() and max(map(len, text.splitlines())) < _MAX_LINE
    return MIMEText(text, subtype, "us-ascii" if is_plain else "utf-8", policy=_POLICY)
