"""The table of emails."""

from dataclasses import dataclass
from datetime import timedelta

from chassis.postgres import Connection, Database
from notifications.domain.emails import MAX_DELIVERY_TIME, Email, email_id
from notifications.domain.notifications import Notification

# Taking an email sets its next try to a time after the longest delivery. Until then, no other process takes it. If this
# process crashes, the email is due again.
_TAKE = (
    "UPDATE emails SET tries = tries + 1, next_try_time = now() + %s WHERE event_id ="
    " (SELECT event_id FROM emails WHERE state = 'waiting' AND next_try_time <= now()"
    "  ORDER BY next_try_time LIMIT 1 FOR UPDATE SKIP LOCKED)"
    " RETURNING event_id, kind, recipient, message, tries"
)


@dataclass(frozen=True)
class PendingEmail:
    """An email that is to be sent now. `tries` includes this one."""

    event_id: str
    kind: str
    email: Email
    tries: int


class Store:
    """Emails in PostgreSQL. Methods that take a connection run in the caller's transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, connection: Connection, event_id: str, notification: Notification, email: Email) -> None:
        """Add an email that is to be sent."""
        connection.execute(
            "INSERT INTO emails (event_id, kind, order_id, recipient, state, message)"
            " VALUES (%s, %s, %s, %s, 'waiting', %s)",
            (event_id, notification.kind, notification.order_id, email.recipient, email.message),
        )

    def skip(self, connection: Connection, event_id: str, notification: Notification) -> None:
        """Record that no email can be sent about an event."""
        connection.execute(
            "INSERT INTO emails (event_id, kind, order_id, recipient, state, end_time)"
            " VALUES (%s, %s, %s, '', 'skipped', now())",
            (event_id, notification.kind, notification.order_id),
        )

    def take(self) -> PendingEmail | None:
        """Return the email that is due longest, or None if no email is due."""
        with self._database.connection() as connection:
            row = connection.execute(_TAKE, (MAX_DELIVERY_TIME,)).fetchone()
        if row is None:
            return None
        email = Email(email_id(row["event_id"]), row["recipient"], row["message"])
        return PendingEmail(row["event_id"], row["kind"], email, row["tries"])

    def finish(self, pending: PendingEmail, state: str) -> None:
        """Record that the email is "sent" or "rejected", and delete its message."""
        with self._database.connection() as connection:
            connection.execute(
                "UPDATE emails SET state = %s, message = NULL, end_time = now() WHERE event_id = %s",
                (state, pending.event_id),
            )

    def postpone(self, pending: PendingEmail, delay: timedelta) -> None:
        """Make the email due again after `delay`."""
        with self._database.connection() as connection:
            connection.execute(
                "UPDATE emails SET next_try_time = now() + %s WHERE event_id = %s", (delay, pending.event_id)
            )

    def count_waiting(self) -> int:
        """Return the number of emails that are still to be sent."""
        with self._database.connection() as connection:
            row = connection.execute(
                "SELECT count(*) AS waiting FROM emails WHERE state = 'waiting'"
            ).fetchone()
        assert row is not None
        return int(row["waiting"])
