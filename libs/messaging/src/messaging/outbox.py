"""The outbox: events are written with the change that they report, and a relay sends them to the broker.

A service must not change its database and then send the event: if it dies in between, the event is lost. So the event
is a row of the same transaction. The relay deletes the row once the broker has stored the message. If it dies in
between, it sends the message again; the broker recognizes its id and keeps it once.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import uuid4

from prometheus_client import Counter, Gauge

from chassis import context, telemetry
from chassis.context import RequestContext, use_context
from chassis.errors import Unavailable
from chassis.lifecycle import Service, Stage, Worker
from chassis.postgres import Connection, Database, Row
from messaging.events import Event, decode, encode, span_attributes
from messaging.nats import Message, NatsConnection

_BATCH = 100
_POLL_SECONDS = 1.0  # how soon the relay finds what another process of the service has left behind

SENT = Counter("market_events_sent_total", "Events that the broker has stored.", ["type"])
WAITING = Gauge("market_outbox_waiting", "Events in the outbox that the broker has not stored.")
OLDEST = Gauge("market_outbox_oldest_seconds", "Age of the oldest waiting event; 0 if none waits.")


def write_to_outbox(
    connection: Connection, event_type: str, data: dict[str, Any], event_id: str = ""
) -> None:
    """Add an event to the outbox, inside the caller's transaction; the relay sends it after the commit."""
    traceparent = context.current().headers.get(context.TRACEPARENT, "")
    event = Event(event_type, data, event_id or str(uuid4()), traceparent)
    connection.execute(
        "INSERT INTO outbox (id, subject, payload) VALUES (%s, %s, %s)", (event.id, event.type, encode(event))
    )


class Relay(Worker):
    """A background thread that empties the outbox; call `wake` after a commit to send its events at once."""

    def __init__(self, database: Database, nats: NatsConnection) -> None:
        super().__init__("relay", self.send_all, _POLL_SECONDS)
        self._database = database
        self._nats = nats

    def send_all(self) -> None:
        """Empty the outbox. Raises Unavailable if the broker or the database does not answer."""
        try:
            self._nats.check()
            while self._send_batch() == _BATCH:
                pass
            _measured(0, 0.0)
        except Exception:
            self._measure()
            raise

    def _send_batch(self) -> int:
        """Send up to 100 events, the oldest first, and return their number; all stay if the broker does not store them.

        SKIP LOCKED lets several processes share the work: none waits for the rows that another one is sending.
        """
        with self._database.transaction() as connection:
            rows = connection.execute(
                "DELETE FROM outbox WHERE position IN"
                " (SELECT position FROM outbox ORDER BY position LIMIT %s FOR UPDATE SKIP LOCKED)"
                " RETURNING position, id, subject, payload",
                (_BATCH,),
            ).fetchall()
            rows.sort(key=lambda row: int(row["position"]))
            # Publish before the commit: if publishing fails, the rollback keeps the rows.
            with _messages(rows) as messages:
                self._nats.publish(messages)
        for row in rows:
            SENT.labels(row["subject"]).inc()
        return len(rows)

    def _measure(self) -> None:
        with self._database.connection() as connection:
            row = connection.execute(
                "SELECT count(*) AS waiting, coalesce(extract(epoch FROM now() - min(time)), 0) AS oldest FROM outbox"
            ).fetchone()
        assert row is not None
        _measured(row["waiting"], float(row["oldest"]))


def _measured(waiting: int, oldest: float) -> None:
    WAITING.set(waiting)
    OLDEST.set(oldest)


@contextmanager
def _messages(rows: Sequence[Row]) -> Iterator[list[Message]]:
    """The messages of these rows, for a block that sends them; if traces are on, each has a span around the block."""
    with ExitStack() as spans:
        if telemetry.is_on():
            yield [spans.enter_context(_sending(row)) for row in rows]
        else:
            yield [Message(row["subject"], row["payload"], row["id"]) for row in rows]


@contextmanager
def _sending(row: Row) -> Iterator[Message]:
    """A message within its span, a child of the change that the event reports; consumers continue this span."""
    subject, payload, event_id = row["subject"], row["payload"], row["id"]
    parent = RequestContext({context.TRACEPARENT: decode(payload).traceparent})
    attributes = span_attributes("send", subject, event_id)
    with use_context(parent), telemetry.span(f"send {subject}", telemetry.PRODUCER, attributes) as span:
        sender = context.current().headers.get(context.TRACEPARENT, "")
        try:
            yield Message(subject, payload, event_id, {context.TRACEPARENT: sender} if sender else {})
        except Unavailable as error:
            telemetry.mark_failed(span, error.reason)
            raise


def add_relay(service: Service, database: Database, nats: NatsConnection) -> Relay:
    """Add a Relay that starts and stops with the service."""
    relay = Relay(database, nats)
    service.on_start(relay.start)
    service.on_stop(Stage.WORKERS, relay.stop)
    return relay
