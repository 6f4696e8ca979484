"""The consumer: handles a service's events, each exactly once in effect.

JetStream delivers an event until it is acknowledged, so a crash can deliver it twice. The handler therefore runs in a
transaction that also records the event's id in the inbox; a second delivery finds the id and changes nothing. The
acknowledgment comes after the commit: before it, a crash in between would lose the event.

An event whose handler fails is retried with growing pauses. After the last retry it is dead-lettered, so that it does
not block the events behind it. An outage (Unavailable) is not the event's fault: it is retried without limit.
"""

import logging
import threading
from collections import Counter as Tally
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager

from nats.aio.msg import Msg
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from prometheus_client import Counter, Gauge

from chassis import telemetry
from chassis.context import TRACEPARENT, RequestContext, use_context
from chassis.errors import Unavailable
from chassis.lifecycle import Service, Stage
from chassis.postgres import Connection, Database
from messaging import dead_letters
from messaging.events import Event, MalformedEvent, decode, span_attributes
from messaging.nats import STREAM, NatsConnection

log = logging.getLogger(__name__)
Handler = Callable[[Connection, Event], None]
Subscription = JetStreamContext.PullSubscription
_RETRY_SECONDS = (0.2, 1.0, 5.0, 15.0)
_MAX_OUTAGE_PAUSE = 5.0  # seconds; how soon after an outage every event is retried
_ACK_WAIT_SECONDS = 15.0  # when the events of a killed process are delivered to another one
_FETCH_SECONDS = 1.0
_BATCH = 16
HANDLED = Counter("market_events_handled_total", "Deliveries of events, by outcome.", ["type", "outcome"])
DEAD = Gauge("market_dead_letters", "Dead letters of this service; NaN if the broker does not answer.")


def _nothing() -> None:
    """The default of `after_commit`."""


class Consumer:
    """A background thread that handles the events of one durable JetStream consumer, named after the service."""

    def __init__(
        self,
        service: str,
        nats: NatsConnection,
        database: Database,
        handlers: Mapping[str, Handler],
        after_commit: Callable[[], None] = _nothing,
    ) -> None:
        self._service = service
        self._nats = nats
        self._database = database
        self._handlers = handlers
        self._after_commit = after_commit
        self._failures: Tally[int] = Tally()  # by the message's sequence number in the stream
        self._stopping = threading.Event()
        self._fetching: Future[list[Msg]] = Future()
        self._thread = threading.Thread(target=self._run, name="consumer", daemon=True)

    def start(self) -> None:
        """Start to take events."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the current event, return the fetched events behind it to the broker, and end."""
        self._stopping.set()
        self._fetching.cancel()
        if self._thread.ident is not None:
            self._thread.join(timeout=5)

    def _run(self) -> None:
        outage = False
        while not self._stopping.is_set():
            try:
                if self._nats.wait_until_ready(_FETCH_SECONDS):
                    subscription = self._subscribe()
                    outage = False
                    self._consume(subscription)
            except Exception as error:
                # An outage is logged when it begins; it would repeat five times a second.
                was_outage, outage = outage, isinstance(error, Unavailable)
                if not (outage and was_outage):
                    log.warning(
                        "consumer failed; retrying", exc_info=not outage, extra={"error": repr(error)}
                    )
                self._stopping.wait(_RETRY_SECONDS[0])

    def _subscribe(self) -> Subscription:
        _purge_inbox(self._database)
        config = ConsumerConfig(
            durable_name=self._service,
            ack_policy=AckPolicy.EXPLICIT,
            deliver_policy=DeliverPolicy.ALL,
            filter_subjects=sorted([*self._handlers, dead_letters.replay_subject(self._service)]),
            ack_wait=_ACK_WAIT_SECONDS,
            max_ack_pending=256,
        )
        return self._nats.run(self._bind(config), timeout=5)

    async def _bind(self, config: ConsumerConfig) -> Subscription:
        jetstream = self._nats.jetstream
        await jetstream.add_consumer(STREAM, config)
        return await jetstream.pull_subscribe_bind(durable=self._service, stream=STREAM)

    def _consume(self, subscription: Subscription) -> None:
        while not self._stopping.is_set():
            delay: float | None = None
            for message in self._fetch(subscription):
                if self._stopping.is_set():
                    delay = 0
                elif delay is None:
                    delay = self._settle(message)
                    continue
                # An outage concerns the events behind too: return them without trying each one.
                self._nats.run(message.nak(delay=delay))

    def _fetch(self, subscription: Subscription) -> list[Msg]:
        self._fetching = self._nats.submit(_fetch(subscription))
        if self._stopping.is_set():
            self._fetching.cancel()
        try:
            return self._nats.result(self._fetching, _FETCH_SECONDS + 2)
        except Unavailable:
            if self._stopping.is_set():
                return []
            raise

    def _settle(self, message: Msg) -> float | None:
        """Handle a message, then acknowledge, delay or dead-letter it.

        Returns None, or in an outage the pause in seconds before the next try.
        """
        kind, sequence = dead_letters.subject_of(message), message.metadata.sequence.stream
        try:
            outcome = self._apply(message)
        except Unavailable as error:
            log.warning("event delivery deferred", extra={"type": kind, "reason": error.reason})
            HANDLED.labels(kind, "waits").inc()
            pause = min(_pause_after(message.metadata.num_delivered), _MAX_OUTAGE_PAUSE)
            self._nats.run(message.nak(delay=pause))
            return pause
        except Exception as error:
            # Count failures here: the broker's count of deliveries includes those that an outage has deferred.
            self._failures[sequence] += 1
            failures = self._failures[sequence]
            if failures <= len(_RETRY_SECONDS) and not isinstance(error, MalformedEvent):
                log.exception("event handler failed; retrying", extra={"type": kind, "failures": failures})
                HANDLED.labels(kind, "failed").inc()
                self._nats.run(message.nak(delay=_pause_after(failures)))
                return None
            log.error("event dead-lettered", exc_info=error, extra={"type": kind})
            dead_letters.dead_letter(self._nats, self._service, message, error, _traceparent(message))
            outcome = "dead"
        HANDLED.labels(kind, outcome).inc()
        self._failures.pop(sequence, None)
        self._nats.run(message.ack())
        return None

    def _apply(self, message: Msg) -> str:
        event = decode(message.data)
        if event.type not in self._handlers:
            raise MalformedEvent(f"an event of type {event.type} does not belong on this subject")
        with self._processing(message, event):
            with self._database.transaction() as connection:
                is_new = _mark_processed(connection, event)
                if is_new:
                    self._handlers[event.type](connection, event)
            self._after_commit()
        return "done" if is_new else "repeated"

    @contextmanager
    def _processing(self, message: Msg, event: Event) -> Iterator[None]:
        """The span of handling an event, a child of the span that has sent it."""
        traceparent = _sender(message) or event.traceparent
        attributes = span_attributes("process", event.type, event.id)
        attributes["messaging.consumer.group.name"] = self._service
        with (
            use_context(RequestContext({TRACEPARENT: traceparent} if traceparent else {})),
            telemetry.span(f"process {event.type}", telemetry.CONSUMER, attributes) as span,
        ):
            try:
                yield
            except Exception as error:
                telemetry.mark_failed(span, type(error).__name__)
                raise


def _mark_processed(connection: Connection, event: Event) -> bool:
    """Record the event in the inbox, in the caller's transaction; return False if it is there already."""
    sql = "INSERT INTO inbox (event_id) VALUES (%s) ON CONFLICT DO NOTHING"
    return connection.execute(sql, (event.id,)).rowcount == 1


def _purge_inbox(database: Database) -> None:
    """Delete what is older than anything that the broker still keeps."""
    with database.connection() as connection:
        connection.execute("DELETE FROM inbox WHERE time < now() - interval '14 days'")


def _pause_after(times: int) -> float:
    return _RETRY_SECONDS[min(times, len(_RETRY_SECONDS)) - 1]


def _sender(message: Msg) -> str:
    """Return the traceparent of the span that has sent the message; "" if there is none."""
    return (message.headers or {}).get(TRACEPARENT, "")


def _traceparent(message: Msg) -> str:
    try:
        return _sender(message) or decode(message.data).traceparent
    except MalformedEvent:
        return ""


async def _fetch(subscription: Subscription) -> list[Msg]:
    try:
        return await subscription.fetch(batch=_BATCH, timeout=_FETCH_SECONDS)
    except (TimeoutError, NatsTimeoutError):
        return []


def add_consumer(
    service: Service,
    nats: NatsConnection,
    database: Database,
    handlers: Mapping[str, Handler],
    after_commit: Callable[[], None] = _nothing,
) -> Consumer:
    """Add a Consumer that starts and stops with the service.

    `handlers` are by event type; each runs in a transaction. `after_commit` is called after each event: a service
    whose handlers write to the outbox passes its relay's `wake`.
    """
    name = service.config.service
    consumer = Consumer(name, nats, database, handlers, after_commit)
    telemetry.watch(DEAD, lambda: dead_letters.count(nats, name))
    service.on_start(consumer.start)
    service.on_stop(Stage.WORKERS, consumer.stop)
    return consumer
