"""The relay: sends what the outbox holds to the broker, oldest first, and takes it out once the broker has it.

A crash between the two sends a message again; the broker knows it by its id and keeps it once.
"""

from prometheus_client import Counter, Gauge

from chassis import worker
from chassis.bus import Bus, Message
from chassis.database import Database
from chassis.errors import Unavailable
from chassis.lifecycle import Service
from chassis.worker import Worker

_BATCH = 100
_LOOK_SECONDS = 1.0  # what another process of the service left behind is found this soon

SENT = Counter("market_events_sent_total", "Events that the broker has taken.", ["type"])
WAITING = Gauge("market_outbox_waiting", "Events that wait in the outbox because the broker does not answer.")


def attach(service: Service, database: Database, bus: Bus) -> Worker:
    """A background thread that empties the outbox; it starts and stops with the service.

    Call its `wake` after a commit that wrote to the outbox, so that the event leaves at once.
    """
    return worker.attach(service, "relay", lambda: send_all(database, bus), _LOOK_SECONDS)


def send_all(database: Database, bus: Bus) -> None:
    """Empties the outbox. Raises Unavailable where the broker or the database does not answer."""
    try:
        bus.check()
        while send_batch(database, bus) == _BATCH:
            pass
        WAITING.set(0)
    except Unavailable:
        WAITING.set(_waiting(database))
        raise


def send_batch(database: Database, bus: Bus) -> int:
    """Sends up to 100 events and returns how many; they stay where the broker doesn't take them all.

    Several processes share the work: what one has in hand, the others leave alone.
    """
    with database.transaction() as connection:
        rows = connection.execute(
            "DELETE FROM outbox WHERE position IN"
            " (SELECT position FROM outbox ORDER BY position LIMIT %s FOR UPDATE SKIP LOCKED)"
            " RETURNING position, id, subject, payload",
            (_BATCH,),
        ).fetchall()
        rows.sort(key=lambda row: int(row["position"]))
        bus.publish([Message(row["subject"], row["payload"], row["id"]) for row in rows])
    for row in rows:
        SENT.labels(row["subject"]).inc()
    return len(rows)


def _waiting(database: Database) -> int:
    with database.connection() as connection:
        row = connection.execute("SELECT count(*) AS waiting FROM outbox").fetchone()
    assert row is not None
    return int(row["waiting"])
