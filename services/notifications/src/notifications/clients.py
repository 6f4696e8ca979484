"""Where mails go: to a mail server, or to a folder."""

import os
from contextlib import suppress
from pathlib import Path
from smtplib import SMTP, SMTPDataError, SMTPException, SMTPRecipientsRefused
from socket import gethostname

from chassis.errors import Unavailable
from notifications.config import SmtpUrl
from notifications.domain.delivery import Letter, MailRefused

_TIMEOUT_SECONDS = 10.0
_FOR_GOOD = 500


class SmtpServer:
    """Hands mails to a mail server, each in a conversation of its own."""

    def __init__(self, url: SmtpUrl, mail_from: str) -> None:
        self._url = url
        self._mail_from = mail_from

    def deliver(self, letter: Letter) -> None:
        """Hands a mail over. Raises MailRefused, or Unavailable (MAIL_SERVER_UNAVAILABLE): later may help.

        Where the server's answer is lost, it may have the mail all the same.
        """
        try:
            server = SMTP(self._url.host, self._url.port, gethostname(), timeout=_TIMEOUT_SECONDS)
            try:
                self._hand_over(server, letter)
            finally:
                _leave(server)
        except SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise _refusal(min(codes), error) from error
        except SMTPDataError as error:
            raise _refusal(error.smtp_code, error) from error
        except (SMTPException, OSError) as error:
            raise _unavailable(error) from error

    def _hand_over(self, server: SMTP, letter: Letter) -> None:
        if self._url.user:
            server.login(self._url.user, self._url.password)
        server.sendmail(self._mail_from, [letter.recipient], letter.message)


def _leave(server: SMTP) -> None:
    # What goes wrong here changes nothing about the mail.
    with suppress(SMTPException, OSError):
        server.quit()
    server.close()


class MailFolder:
    """Puts mails into a Maildir, for a laptop that has no mail server."""

    def __init__(self, folder: Path) -> None:
        self._started, self._new, self._read = folder / "tmp", folder / "new", folder / "cur"

    def deliver(self, letter: Letter) -> None:
        """Adds a mail; adding it again changes nothing. Raises Unavailable (MAIL_SERVER_UNAVAILABLE)."""
        try:
            for part in (self._started, self._new, self._read):
                part.mkdir(parents=True, exist_ok=True)
            # Mail readers move what they have shown, and add to its name.
            if not any(self._read.glob(f"{letter.id}*")):
                self._add(letter)
        except OSError as error:
            raise _unavailable(error) from error

    def _add(self, letter: Letter) -> None:
        started = self._started / letter.id
        with started.open("wb") as file:
            file.write(letter.message.replace(b"\r\n", b"\n"))
            file.flush()
            os.fsync(file.fileno())
        started.replace(self._new / letter.id)
        _keep_names(self._new)


def _keep_names(folder: Path) -> None:
    """Lets a power cut not undo what was renamed in the folder."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _refusal(code: int, error: Exception) -> Exception:
    return MailRefused(str(error)) if code >= _FOR_GOOD else _unavailable(error)


def _unavailable(error: Exception) -> Unavailable:
    return Unavailable("MAIL_SERVER_UNAVAILABLE", f"Mails can't be delivered now: {error}")
