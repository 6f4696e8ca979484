"""The use cases of notifications: record an email for each event, and send the recorded emails."""

import logging
from datetime import UTC, datetime

from chassis.errors import Unavailable
from chassis.postgres import Connection
from notifications.clients import MailTransport
from notifications.domain.emails import EmailRejected, is_email_address, retry_delay
from notifications.domain.notifications import Notification
from notifications.metrics import EMAILS
from notifications.renderer import EmailRenderer
from notifications.store import PendingEmail, Store

log = logging.getLogger(__name__)


class NotificationService:
    """Notifies buyers by email.

    An email is recorded in the transaction that marks its event as processed, and sent after the commit. If the process
    crashes between sending an email and recording that, the email is sent again, with the same ID.
    """

    def __init__(self, store: Store, renderer: EmailRenderer, transport: MailTransport) -> None:
        self._store = store
        self._renderer = renderer
        self._transport = transport

    def notify(
        self, connection: Connection, event_id: str, notification: Notification, recipient: str
    ) -> None:
        """Record the email about an event, in the caller's transaction. Without a valid address, it is skipped."""
        if is_email_address(recipient):
            email = self._renderer.render(notification, recipient, event_id, datetime.now(UTC))
            self._store.add(connection, event_id, notification, email)
        else:
            self._store.skip(connection, event_id, notification)
            EMAILS.labels(notification.kind, "skipped").inc()

    def send_due(self) -> None:
        """Send all emails that are due. Raises Unavailable if the mail server is down: then the others wait, too."""
        while pending := self._store.take():
            outcome = self._send(pending)
            self._store.finish(pending, outcome)
            EMAILS.labels(pending.kind, outcome).inc()

    def _send(self, pending: PendingEmail) -> str:
        fields = {"email_id": pending.email.id, "tries": pending.tries}
        try:
            self._transport.send(pending.email)
        except Unavailable as error:
            log.warning("email deferred", extra={**fields, "detail": error.message})
            self._store.postpone(pending, retry_delay(pending.tries))
            raise
        except EmailRejected as error:
            log.warning("email rejected by the mail server", extra={**fields, "detail": str(error)})
            return "rejected"
        return "sent"
