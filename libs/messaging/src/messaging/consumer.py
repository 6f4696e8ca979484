"""The consumer: takes a service's events from the broker, lets each take effect once, retries, then sets aside.

An event is acknowledged after its effect is committed. One that fails is tried again with growing pauses; after
the last try it goes to the dead letters, and the ones behind it go on. An outage (Unavailable) is no fault of the
event: it is tried without end, and does not count.
"""

import logging
import threading
from collections import Counter as Tally
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager

import nats.errors
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from prometheus_client import Counter, Gauge

from chassis import context, telemetry
from chassis.context import RequestContext, use_context
from chassis.errors import Unavailable
from chassis.lifecycle import Service, Stage
from chassis.metrics import watch
from chassis.postgres import Connection, Database
from messaging import dead_letters
from messaging.events import Event, MalformedEvent, decode
from messaging.nats import STREAM, NatsConnection

log = logging.getLogger(__name__)
Handler = Callable[[Connection, Event], None]
Subscription = JetStreamContext.PullSubscription
_RETRY_SECONDS = (0.2, 1.0, 5.0, 15.0)
_LONGEST_OUTAGE_PAUSE = 5.0  # seconds; so soon after an outage everything is tried again
_ACK_WAIT_SECONDS = 15.0  # what a process that was killed had in hand is delivered again this late
_FETCH_SECONDS = 1.0
_BATCH = 16
HANDLED = Counter("market_events_handled_total", "Events taken from the broker.", ["type", "outcome"])
DEAD = Gauge(
    "market_dead_letters", "Events of this service that are set aside; NaN where the broker is down."
)


def _nothing() -> None:
    """What most services do after an event: there is nothing to send on."""


class Consumer:
    """A background thread that handles the events of one durable consumer, named after the service."""

    def __init__(
        self,
        service: str,
        bus: NatsConnection,
        database: Database,
        handlers: Mapping[str, Handler],
        after_commit: Callable[[], None] = _nothing,
    ) -> None:
        self._service = service
        self._bus = bus
        self._database = database
        self._handlers = handlers
        self._after_commit = after_commit
        self._failures: Tally[int] = Tally()  # by the message's place in the stream
        self._stopping = threading.Event()
        self._fetch: Future[list[Msg]] = Future()
        self._thread = threading.Thread(target=self._run, name="consumer", daemon=True)

    def start(self) -> None:
        """Begins to take events."""
        self._thread.start()

    def stop(self) -> None:
        """Finishes the event in hand, gives back those behind it, and ends."""
        self._stopping.set()
        self._fetch.cancel()
        if self._thread.ident is not None:
            self._thread.join(timeout=5)

    def _run(self) -> None:
        waits = False
        while not self._stopping.is_set():
            try:
                if self._bus.wait_until_ready(_FETCH_SECONDS):
                    subscription = self._subscribe()
                    waits = False
                    self._consume(subscription)
            except Exception as error:
                outage = isinstance(error, Unavailable)
                if not (outage and waits):
                    log.warning("the consumer goes on", exc_info=not outage, extra={"error": repr(error)})
                waits = outage
                self._stopping.wait(_RETRY_SECONDS[0])

    def _subscribe(self) -> Subscription:
        purge_inbox(self._database)
        config = ConsumerConfig(
            durable_name=self._service,
            ack_policy=AckPolicy.EXPLICIT,
            deliver_policy=DeliverPolicy.ALL,
            filter_subjects=sorted([*self._handlers, dead_letters.replay_subject(self._service)]),
            ack_wait=_ACK_WAIT_SECONDS,
            max_ack_pending=256,
        )
        return self._bus.run(self._bind(config), timeout=5)

    async def _bind(self, config: ConsumerConfig) -> Subscription:
        jetstream = self._bus.jetstream
        await jetstream.add_consumer(STREAM, config)
        return await jetstream.pull_subscribe_bind(durable=self._service, stream=STREAM)

    def _consume(self, subscription: Subscription) -> None:
        while not self._stopping.is_set():
            delay: float | None = None
            for message in self._fetched(subscription):
                if self._stopping.is_set():
                    delay = 0
                elif delay is None:
                    delay = self._settled(message)
                    continue
                # An outage concerns those behind as well.
                self._bus.run(message.nak(delay=delay))

    def _fetched(self, subscription: Subscription) -> list[Msg]:
        self._fetch = self._bus.submit(_fetch(subscription))
        if self._stopping.is_set():
            self._fetch.cancel()
        try:
            return self._bus.result(self._fetch, _FETCH_SECONDS + 2)
        except Unavailable:
            if self._stopping.is_set():
                return []
            raise

    def _settled(self, message: Msg) -> float | None:
        """Handles a message. None, or where there is an outage in how many seconds to try again."""
        kind, place = dead_letters.subject_of(message), message.metadata.sequence.stream
        try:
            outcome = self._apply(message)
        except Unavailable as error:
            log.warning("event waits", extra={"type": kind, "reason": error.reason})
            HANDLED.labels(kind, "waits").inc()
            pause = min(_pause_after(message.metadata.num_delivered), _LONGEST_OUTAGE_PAUSE)
            self._bus.run(message.nak(delay=pause))
            return pause
        except Exception as error:
            self._failures[place] += 1
            failures = self._failures[place]
            if failures <= len(_RETRY_SECONDS) and not isinstance(error, MalformedEvent):
                log.exception("event failed", extra={"type": kind, "failures": failures})
                HANDLED.labels(kind, "failed").inc()
                self._bus.run(message.nak(delay=_pause_after(failures)))
                return None
            log.error("event set aside", exc_info=error, extra={"type": kind})
            dead_letters.dead_letter(self._bus, self._service, message, error, _traceparent(message))
            outcome = "dead"
        HANDLED.labels(kind, outcome).inc()
        self._failures.pop(place, None)
        self._bus.run(message.ack())
        return None

    def _apply(self, message: Msg) -> str:
        event = decode(message.data)
        if event.type not in self._handlers:
            raise MalformedEvent(f"an event of type {event.type} is none of this subject")
        with self._processing(message, event):
            with self._database.transaction() as connection:
                new = mark_processed(connection, event)
                if new:
                    self._handlers[event.type](connection, event)
            self._after_commit()
        return "done" if new else "repeated"

    @contextmanager
    def _processing(self, message: Msg, event: Event) -> Iterator[None]:
        """The span of handling an event, child of the one that sent it."""
        traceparent = _sender(message) or event.traceparent
        headers = {context.TRACEPARENT: traceparent} if traceparent else {}
        attributes = telemetry.messaging("process", event.type, event.id) | {
            "messaging.consumer.group.name": self._service
        }
        with (
            use_context(RequestContext(headers)),
            telemetry.span(f"process {event.type}", telemetry.CONSUMER, attributes) as span,
        ):
            try:
                yield
            except Exception as error:
                telemetry.failed(span, type(error).__name__)
                raise


def _pause_after(times: int) -> float:
    return _RETRY_SECONDS[min(times, len(_RETRY_SECONDS)) - 1]


def _sender(message: Msg) -> str:
    """The traceparent of the span that sent the message; "" where nobody traced it."""
    return (message.headers or {}).get(context.TRACEPARENT, "")


def _traceparent(message: Msg) -> str:
    try:
        return _sender(message) or decode(message.data).traceparent
    except MalformedEvent:
        return ""


async def _fetch(subscription: Subscription) -> list[Msg]:
    try:
        return await subscription.fetch(batch=_BATCH, timeout=_FETCH_SECONDS)
    except (TimeoutError, nats.errors.TimeoutError):
        return []


def mark_processed(connection: Connection, event: Event) -> bool:
    """Notes in the inbox, in the caller's transaction, that the event takes effect now; False if it did before."""
    inserted = connection.execute(
        "INSERT INTO inbox (event_id) VALUES (%s) ON CONFLICT DO NOTHING", (event.id,)
    ).rowcount
    return inserted == 1


def purge_inbox(database: Database) -> None:
    """Empties the inbox of what is older than anything that the broker still keeps."""
    with database.connection() as connection:
        connection.execute("DELETE FROM inbox WHERE time < now() - interval '14 days'")


def add_consumer(
    service: Service,
    bus: NatsConnection,
    database: Database,
    handlers: Mapping[str, Handler],
    after_commit: Callable[[], None] = _nothing,
) -> Consumer:
    """A Consumer that starts and stops with the service.

    `handlers` by event type; each runs in a transaction. `after_commit` is called after each event: services
    whose handlers write to the outbox give their relay's `wake`.
    """
    name = service.config.service
    consumer = Consumer(name, bus, database, handlers, after_commit)
    watch(DEAD, lambda: dead_letters.count(bus, name))
    service.on_start(consumer.start)
    service.on_stop(Stage.WORKERS, consumer.stop)
    return consumer
