"""The consumer: takes a service's events from the broker, lets each take effect once, retries, then sets aside.

An event is acknowledged after its effect is committed. One that fails is tried again with growing pauses; after
the last try it goes to dead.<service>, and the ones behind it go on. An outage (Unavailable) is no fault of the
event: it is tried without end.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future

import nats.errors
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from prometheus_client import Counter

from chassis import call, telemetry
from chassis.bus import STREAM, Bus
from chassis.call import Call, answering
from chassis.database import Connection, Database
from chassis.errors import Unavailable
from chassis.events import Event, NotAnEvent, decode, first_time, forget_old
from chassis.lifecycle import Service, Stage

log = logging.getLogger(__name__)
Handler = Callable[[Connection, Event], None]
Subscription = JetStreamContext.PullSubscription
_RETRY_SECONDS = (0.2, 1.0, 5.0, 15.0, 60.0)
_OUTAGE_SECONDS = 5.0  # at most, between two tries while something is down: its end is noticed this soon
_ACK_WAIT_SECONDS = 15.0  # what a process that was killed had in hand is delivered again this late
_FETCH_SECONDS = 1.0
_BATCH = 16
HANDLED = Counter("market_events_handled_total", "Events taken from the broker.", ["type", "outcome"])


def _nothing() -> None:
    """What most services do after an event: there is nothing to send on."""


class Consumer:
    """A background thread that handles the events of one durable consumer, named after the service."""

    def __init__(
        self,
        service: str,
        bus: Bus,
        database: Database,
        handlers: Mapping[str, Handler],
        after_commit: Callable[[], None] = _nothing,
    ) -> None:
        self._service = service
        self._bus = bus
        self._database = database
        self._handlers = handlers
        self._after_commit = after_commit
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
        forget_old(self._database)
        config = ConsumerConfig(
            durable_name=self._service,
            ack_policy=AckPolicy.EXPLICIT,
            deliver_policy=DeliverPolicy.ALL,
            filter_subjects=sorted(self._handlers),
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
            return self._fetch.result(_FETCH_SECONDS + 2)
        except CancelledError:
            return []
        except TimeoutError as silence:
            self._fetch.cancel()
            raise Unavailable("BROKER_UNAVAILABLE", "The message broker does not answer.") from silence

    def _settled(self, message: Msg) -> float | None:
        """Handles a message. None, or where there is an outage in how many seconds to try again."""
        kind, delivery = message.subject, message.metadata.num_delivered
        pause = _RETRY_SECONDS[min(delivery, len(_RETRY_SECONDS)) - 1]
        try:
            outcome = self._apply(decode(message.data))
        except Unavailable as error:
            log.warning("event waits", extra={"type": kind, "reason": error.reason})
            HANDLED.labels(kind, "waits").inc()
            pause = min(pause, _OUTAGE_SECONDS)
            self._bus.run(message.nak(delay=pause))
            return pause
        except Exception as error:
            if delivery <= len(_RETRY_SECONDS) and not isinstance(error, NotAnEvent):
                log.exception("event failed", extra={"type": kind, "delivery": delivery})
                HANDLED.labels(kind, "failed").inc()
                self._bus.run(message.nak(delay=pause))
                return None
            self._set_aside(message, error)
            outcome = "dead"
        HANDLED.labels(kind, outcome).inc()
        self._bus.run(message.ack())
        return None

    def _apply(self, event: Event) -> str:
        if event.type not in self._handlers:
            raise NotAnEvent(f"an event of type {event.type} is none of this subject")
        attributes = {"messaging.system": "nats", "messaging.destination.name": event.type}
        headers = {call.TRACEPARENT: event.traceparent} if event.traceparent else {}
        with (
            answering(Call(headers)),
            telemetry.span(f"process {event.type}", telemetry.CONSUMER, attributes),
        ):
            with self._database.transaction() as connection:
                new = first_time(connection, event)
                if new:
                    self._handlers[event.type](connection, event)
            self._after_commit()
        return "done" if new else "repeated"

    def _set_aside(self, message: Msg, error: Exception) -> None:
        log.error("event set aside", exc_info=error, extra={"type": message.subject})
        headers = {
            "Market-Subject": message.subject,
            "Market-Error": ascii(error)[:200],
            "Nats-Msg-Id": f"{self._service}-{message.metadata.sequence.stream}",
        }
        self._bus.run(self._bus.jetstream.publish(f"dead.{self._service}", message.data, headers=headers))


async def _fetch(subscription: Subscription) -> list[Msg]:
    try:
        return await subscription.fetch(batch=_BATCH, timeout=_FETCH_SECONDS)
    except (TimeoutError, nats.errors.TimeoutError):
        return []


def attach(
    service: Service,
    bus: Bus,
    database: Database,
    handlers: Mapping[str, Handler],
    after_commit: Callable[[], None] = _nothing,
) -> Consumer:
    """A Consumer that starts and stops with the service.

    `handlers` by event type; each runs in a transaction. `after_commit` is called after each event: services
    whose handlers write to the outbox give their relay's `wake`.
    """
    consumer = Consumer(service.config.service, bus, database, handlers, after_commit)
    service.on_start(consumer.start)
    service.on_stop(Stage.WORKERS, consumer.stop)
    return consumer
