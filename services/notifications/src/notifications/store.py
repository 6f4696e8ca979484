"""The table of mails."""

from dataclasses import dataclass
from datetime import timedelta

from chassis.postgres import Connection, Database
from notifications.domain.delivery import LONGEST_DELIVERY, Letter, letter_id
from notifications.domain.notices import Notice

# Whoever takes a mail has it alone until its next try is due, also where this process ends before it is delivered.
_TAKE = (
    "UPDATE emails SET tries = tries + 1, next_try_time = now() + %s WHERE event_id ="
    " (SELECT event_id FROM emails WHERE state = 'waiting' AND next_try_time <= now()"
    "  ORDER BY next_try_time LIMIT 1 FOR UPDATE SKIP LOCKED)"
    " RETURNING event_id, kind, recipient, message, tries"
)


@dataclass(frozen=True)
class Due:
    """A mail that is to be sent now; `tries` counts this one."""

    event_id: str
    kind: str
    letter: Letter
    tries: int


def keep(connection: Connection, event_id: str, notice: Notice, letter: Letter) -> None:
    """Records a mail that is to be sent, inside the caller's transaction."""
    connection.execute(
        "INSERT INTO emails (event_id, kind, order_id, recipient, state, message)"
        " VALUES (%s, %s, %s, %s, 'waiting', %s)",
        (event_id, notice.kind, notice.order_id, letter.recipient, letter.message),
    )


def skip(connection: Connection, event_id: str, notice: Notice) -> None:
    """Records that nobody can be written to about an event, inside the caller's transaction."""
    connection.execute(
        "INSERT INTO emails (event_id, kind, order_id, recipient, state, end_time)"
        " VALUES (%s, %s, %s, '', 'skipped', now())",
        (event_id, notice.kind, notice.order_id),
    )


class Store:
    """The mails that wait, for whoever sends them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self) -> Due | None:
        """The mail that has been due for longest; None where none is due. It is due again if nothing comes of it."""
        with self._database.connection() as connection:
            row = connection.execute(_TAKE, (LONGEST_DELIVERY,)).fetchone()
        if row is None:
            return None
        letter = Letter(letter_id(row["event_id"]), row["recipient"], row["message"])
        return Due(row["event_id"], row["kind"], letter, row["tries"])

    def end(self, mail: Due, state: str) -> None:
        """The mail is "sent" or "rejected", and need not be kept."""
        with self._database.connection() as connection:
            connection.execute(
                "UPDATE emails SET state = %s, message = NULL, end_time = now() WHERE event_id = %s",
                (state, mail.event_id),
            )

    def postpone(self, mail: Due, pause: timedelta) -> None:
        """The mail is to be tried again after `pause`."""
        with self._database.connection() as connection:
            connection.execute(
                "UPDATE emails SET next_try_time = now() + %s WHERE event_id = %s", (pause, mail.event_id)
            )

    def count_waiting(self) -> int:
        """How many mails are still to be sent."""
        with self._database.connection() as connection:
            row = connection.execute(
                "SELECT count(*) AS emails FROM emails WHERE state = 'waiting'"
            ).fetchone()
        assert row is not None
        return int(row["emails"])
