"""The relay: sends what the outbox holds to the broker, oldest first, and takes it out once the broker has it.

A crash between the two sends a message again; the broker knows it by its id and keeps it once.
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
from messaging.events import Event, decode, encode
from messaging.nats import Message, NatsConnection

_BATCH = 100
_LOOK_SECONDS = 1.0  # what another process of the service left behind is found this soon

SENT = Counter("market_events_sent_total", "Events that the broker has taken.", ["type"])
WAITING = Gauge(
    "market_outbox_waiting", "Events that wait in the outbox because the broker does not take them."
)
OLDEST = Gauge(
    "market_outbox_oldest_seconds", "For how long the oldest of them has waited; 0 where none waits."
)


def write_to_outbox(
    connection: Connection, event_type: str, data: dict[str, Any], event_id: str = ""
) -> None:
    """Adds an event to the outbox, inside the caller's transaction; the relay sends it after the commit."""
    traceparent = context.current().headers.get(context.TRACEPARENT, "")
    event = Event(event_type, data, event_id or str(uuid4()), traceparent)
    connection.execute(
        "INSERT INTO outbox (id, subject, payload) VALUES (%s, %s, %s)", (event.id, event.type, encode(event))
    )


class Relay(Worker):
    """A background thread that empties the outbox. Its `wake`, after a commit, lets the event leave at once."""

    def __init__(self, database: Database, bus: NatsConnection) -> None:
        super().__init__("relay", self.send_all, _LOOK_SECONDS)
        self._database = database
        self._bus = bus

    def send_all(self) -> None:
        """Empties the outbox. Raises Unavailable where the broker or the database does not answer."""
        try:
            self._bus.check()
            while self.send_batch() == _BATCH:
                pass
            _measured(0, 0.0)
        except Exception:
            self._measure()
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
            with _messages(rows) as messages:
                self._bus.publish(messages)
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
    """The messages, each within its span where there are traces, for the length of a block that sends them."""
    if not telemetry.is_on():
        yield [Message(row["subject"], row["payload"], row["id"]) for row in rows]
        return
    with ExitStack() as spans:
        yield [spans.enter_context(_sending(row)) for row in rows]


@contextmanager
def _sending(row: Row) -> Iterator[Message]:
    """A message within its span, a child of the change that the event tells of; who takes the message goes on there."""
    subject, payload, event_id = row["subject"], row["payload"], row["id"]
    parent = RequestContext({context.TRACEPARENT: decode(payload).traceparent})
    with (
        use_context(parent),
        telemetry.span(
            f"send {subject}", telemetry.PRODUCER, telemetry.messaging("send", subject, event_id)
        ) as span,
    ):
        sender = context.current().headers.get(context.TRACEPARENT, "")
        try:
            yield Message(subject, payload, event_id, {context.TRACEPARENT: sender} if sender else {})
        except Unavailable as error:
            telemetry.failed(span, error.reason)
            raise


def add_relay(service: Service, database: Database, bus: NatsConnection) -> Relay:
    """A Relay that starts and stops with the service."""
    relay = Relay(database, bus)
    service.on_start(relay.start)
    service.on_stop(Stage.WORKERS, relay.stop)
    return relay
