"""The relay: sends what the outbox holds to the broker, oldest first, and takes it out once the broker has it.

A crash between the two sends a message again; the broker knows it by its id and keeps it once.
"""

from prometheus_client import Counter, Gauge

from chassis.bus import Bus, Message
from chassis.database import Database
from chassis.errors import Unavailable
from chassis.lifecycle import Service, Stage
from chassis.worker import Worker

_BATCH = 100
_LOOK_SECONDS = 1.0  # what another process of the service left behind is found this soon

SENT = Counter("market_events_sent_total", "Events that the broker has taken.", ["type"])
WAITING = Gauge("market_outbox_waiting", "Events that wait in the outbox because the broker does not answer.")


class Relay(Worker):
    """A background thread that empties the outbox. Its `wake`, after a commit, lets the event leave at once."""

    def __init__(self, database: Database, bus: Bus) -> None:
        super().__init__("relay", self.send_all, _LOOK_SECONDS)
        self._database = database
        self._bus = bus

    def send_all(self) -> None:
        """Empties the outbox. Raises Unavailable where the broker or the database does not answer."""
        try:
            self._bus.check()
            while self.send_batch() == _BATCH:
                pass
            WAITING.set(0)
        except Unavailable:
            WAITING.set(self._waiting())
            raise

    def send_batch(self) -> int:
        """Sends up to 100 events and returns how many; they stay where the broker doesn't take them all.

        Several processes share the work: what one has in hand, the others leave alone.
        """
        with self._database.transaction() as connection:
            rows = connection.execute(
                "DELETE FROM outbox WHERE position IN"
                " (SELECT position FROM outbox ORDER BY position LIMIT %s FOR UPDATE SKIP LOCKED)"
                " RETURNING position, id, subject, payload",
                (_BATCH,),
            ).fetchall()
            rows.sort(key=lambda row: int(row["position"]))
            self._bus.publish([Message(row["subject"], row["payload"], row["id"]) for row in rows])
        for row in rows:
            SENT.labels(row["subject"]).inc()
        return len(rows)

    def _waiting(self) -> int:
        with self._database.connection() as connection:
            row = connection.execute("SELECT count(*) AS waiting FROM outbox").fetchone()
        assert row is not None
        return int(row["waiting"])


def attach(service: Service, database: Database, bus: Bus) -> Relay:
    """A Relay that starts and stops with the service."""
    relay = Relay(database, bus)
    service.on_start(relay.start)
    service.on_stop(Stage.WORKERS, relay.stop)
    return relay
