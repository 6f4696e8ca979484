"""Sends what waits: each mail once, again and again where the mail server does not take it."""

import logging
from typing import Protocol

from chassis.errors import Unavailable
from notifications.domain.delivery import Letter, MailRefused, pause_after
from notifications.metrics import MAILS
from notifications.store import Due, Store

log = logging.getLogger(__name__)


class Post(Protocol):
    """Where mails go."""

    def deliver(self, letter: Letter) -> None:
        """Hands a mail over. Raises MailRefused, or Unavailable where later may help."""


class Sender:
    """Sends the mails that wait. A crash between handing over and noting it lets a mail be handed over again."""

    def __init__(self, store: Store, post: Post) -> None:
        self._store = store
        self._post = post

    def send_due(self) -> None:
        """Sends all mails that are due. Raises Unavailable where the mail server does not take one now."""
        while mail := self._store.take():
            outcome = self._deliver(mail)
            self._store.end(mail, outcome)
            MAILS.labels(mail.kind, outcome).inc()

    def _deliver(self, mail: Due) -> str:
        told = {"mail": mail.letter.id, "tries": mail.tries}
        try:
            self._post.deliver(mail.letter)
        except Unavailable as error:
            log.warning("a mail waits", extra={**told, "detail": error.message})
            self._store.postpone(mail, pause_after(mail.tries))
            raise
        except MailRefused as error:
            log.warning("a mail was refused", extra={**told, "detail": str(error)})
            return "rejected"
        return "sent"
