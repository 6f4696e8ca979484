"""The mail transports: a mail server, or a folder."""

import os
from contextlib import suppress
from pathlib import Path
from smtplib import SMTP, SMTPDataError, SMTPException, SMTPRecipientsRefused
from socket import gethostname
from typing import Protocol

from chassis.errors import Unavailable
from notifications.config import SmtpUrl
from notifications.domain.emails import Email, EmailRejected

_TIMEOUT_SECONDS = 10.0
_PERMANENT = 500  # SMTP codes from here on are permanent errors


class MailTransport(Protocol):
    """A way to send emails."""

    def send(self, email: Email) -> None:
        """Send an email. Raises EmailRejected, or Unavailable (MAIL_SERVER_UNAVAILABLE) if a retry may succeed."""


class SmtpTransport:
    """Sends emails to a mail server, with one connection for each."""

    def __init__(self, url: SmtpUrl, mail_from: str) -> None:
        self._url = url
        self._mail_from = mail_from

    def send(self, email: Email) -> None:
        """Send an email; raises as MailTransport.send does. If the response is lost, the server may have the email."""
        try:
            server = SMTP(self._url.host, self._url.port, gethostname(), timeout=_TIMEOUT_SECONDS)
            try:
                self._transmit(server, email)
            finally:
                _quit(server)
        except SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise _error(min(codes), error) from error
        except SMTPDataError as error:
            raise _error(error.smtp_code, error) from error
        except (SMTPException, OSError) as error:
            raise _unavailable(error) from error

    def _transmit(self, server: SMTP, email: Email) -> None:
        if self._url.user:
            server.login(self._url.user, self._url.password)
        server.sendmail(self._mail_from, [email.recipient], email.message)


def _quit(server: SMTP) -> None:
    # The email is accepted or rejected by now, so errors here do not matter.
    with suppress(SMTPException, OSError):
        server.quit()
    server.close()


class MaildirTransport:
    """Writes emails into a Maildir, for a computer without a mail server."""

    def __init__(self, folder: Path) -> None:
        self._tmp, self._new, self._cur = folder / "tmp", folder / "new", folder / "cur"

    def send(self, email: Email) -> None:
        """Add an email. Adding it again changes nothing. Raises Unavailable (MAIL_SERVER_UNAVAILABLE)."""
        try:
            for part in (self._tmp, self._new, self._cur):
                part.mkdir(parents=True, exist_ok=True)
            # A mail reader moves a file that it has shown, and adds flags to its name.
            if not any(self._cur.glob(f"{email.id}*")):
                self._add(email)
        except OSError as error:
            raise _unavailable(error) from error

    def _add(self, email: Email) -> None:
        path = self._tmp / email.id
        with path.open("wb") as file:
            file.write(email.message.replace(b"\r\n", b"\n"))
            file.flush()
            os.fsync(file.fileno())
        path.replace(self._new / email.id)
        _sync_folder(self._new)


def _sync_folder(folder: Path) -> None:
    """Write the folder's entries to disk, so that a power cut does not undo a rename."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _error(code: int, error: Exception) -> Exception:
    return EmailRejected(str(error)) if code >= _PERMANENT else _unavailable(error)


def _unavailable(error: Exception) -> Unavailable:
    return Unavailable("MAIL_SERVER_UNAVAILABLE", f"Emails cannot be sent now: {error}")
