"""The relay: sends what the outbox holds to the broker, in order, and takes it out once the broker has it.

A crash between the two sends a message again; the broker knows it by its id and keeps it once.
"""

import logging
import threading

from prometheus_client import Counter, Gauge

from chassis.bus import Bus
from chassis.database import Database
from chassis.errors import Unavailable
from chassis.lifecycle import Service, Stage

log = logging.getLogger(__name__)
_BATCH = 100
_LOOK_SECONDS = 1.0  # what another process of the service left behind is found this soon

SENT = Counter("market_events_sent_total", "Events that the broker has taken.", ["type"])
WAITING = Gauge("market_outbox_waiting", "Events in the outbox when it was last looked at.")


class Relay:
    """A background thread that empties the outbox."""

    def __init__(self, database: Database, bus: Bus) -> None:
        self._database = database
        self._bus = bus
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)

    def start(self) -> None:
        """Begins to send."""
        self._thread.start()

    def wake(self) -> None:
        """There is something new in the outbox: send it now. Call it after the commit."""
        self._wake.set()

    def stop(self) -> None:
        """Sends what is there, if the broker answers, and ends."""
        self._stopping = True
        self._wake.set()
        self._thread.join(timeout=5)

    def send_batch(self) -> int:
        """Sends up to 100 events, oldest first; returns how many. Several relays share the work."""
        with self._database.transaction() as connection:
            rows = connection.execute(
                "SELECT position, id, subject, payload FROM outbox ORDER BY position LIMIT %s FOR UPDATE SKIP LOCKED",
                (_BATCH,),
            ).fetchall()
            for row in rows:
                self._bus.publish(row["subject"], bytes(row["payload"]), str(row["id"]))
                SENT.labels(row["subject"]).inc()
            if rows:
                connection.execute(
                    "DELETE FROM outbox WHERE position = ANY(%s)", ([row["position"] for row in rows],)
                )
            return len(rows)

    def _run(self) -> None:
        while not self._stopping:
            self._wake.wait(_LOOK_SECONDS)
            self._wake.clear()
            self._send_all()

    def _send_all(self) -> None:
        try:
            while self._bus.wait_until_ready(timeout=_LOOK_SECONDS):
                sent = self.send_batch()
                WAITING.set(sent)
                if sent < _BATCH:
                    break
        except Unavailable as error:
            log.warning("events wait in the outbox", extra={"reason": error.reason})
        except Exception:
            log.exception("the relay failed; it goes on")


def attach(service: Service, database: Database, bus: Bus) -> Relay:
    """A Relay that starts and stops with the service."""
    relay = Relay(database, bus)
    service.on_start(relay.start)
    service.on_stop(Stage.WORKERS, relay.stop)
    return relay
