"""The consumer: takes a service's events from the broker, lets each take effect once, retries, then sets aside.

An event is acknowledged after its effect is committed. One that fails is tried again with growing pauses; after
the last try it goes to dead.<service>.<subject>, and the ones behind it go on.
"""

import logging
import threading
from collections.abc import Callable, Mapping

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
from chassis.events import Event, NotAnEvent, decode, first_time
from chassis.lifecycle import Service, Stage

log = logging.getLogger(__name__)
Handler = Callable[[Connection, Event], None]
_RETRY_SECONDS = (0.2, 1.0, 5.0, 15.0, 60.0)
_ACK_WAIT_SECONDS = 30.0
_FETCH_SECONDS = 1.0
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
        self._thread = threading.Thread(target=self._run, name="consumer", daemon=True)

    def start(self) -> None:
        """Begins to take events."""
        self._thread.start()

    def stop(self) -> None:
        """Finishes the event in hand and ends."""
        self._stopping.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        subscription: JetStreamContext.PullSubscription | None = None
        while not self._stopping.is_set():
            try:
                if subscription is None:
                    subscription = self._subscribe()
                else:
                    self._take(subscription)
            except Exception as error:
                log.warning("the consumer lost the broker; it goes on", extra={"error": repr(error)})
                subscription = None
                self._stopping.wait(_RETRY_SECONDS[0])

    def _subscribe(self) -> JetStreamContext.PullSubscription | None:
        if not self._bus.wait_until_ready(_FETCH_SECONDS):
            return None
        config = ConsumerConfig(
            durable_name=self._service, ack_policy=AckPolicy.EXPLICIT, deliver_policy=DeliverPolicy.ALL,
            filter_subjects=sorted(self._handlers), ack_wait=_ACK_WAIT_SECONDS, max_ack_pending=256,
        )  # fmt: skip
        return self._bus.run(self._pull(config), timeout=5)

    async def _pull(self, config: ConsumerConfig) -> JetStreamContext.PullSubscription:
        jetstream = self._bus.jetstream
        await jetstream.add_consumer(STREAM, config)
        return await jetstream.pull_subscribe_bind(durable=self._service, stream=STREAM)

    def _take(self, subscription: JetStreamContext.PullSubscription) -> None:
        async def fetch() -> list[Msg]:
            try:
                return await subscription.fetch(batch=16, timeout=_FETCH_SECONDS)
            except (TimeoutError, nats.errors.TimeoutError):
                return []

        for message in self._bus.run(fetch(), timeout=_FETCH_SECONDS + 2):
            self._bus.run(self._answer(message, self.handle(message.data, message.metadata.num_delivered)))

    async def _answer(self, message: Msg, retry_in: float | None) -> None:
        if retry_in is None:
            await message.ack()
        else:
            await message.nak(delay=retry_in)

    def handle(self, payload: bytes, delivery: int) -> float | None:
        """Lets a message take effect: None where it is done with, else in how many seconds to try again.

        `delivery` counts from 1. An outage of the database is no fault of the event: it is tried without end.
        """
        try:
            self._apply(decode(payload))
            return None
        except Unavailable as error:
            log.warning("event waits", extra={"reason": error.reason})
            return _RETRY_SECONDS[min(delivery, len(_RETRY_SECONDS)) - 1]
        except NotAnEvent as error:
            self._set_aside(payload, error)
            return None
        except Exception as error:
            log.exception("event failed", extra={"delivery": delivery})
            if delivery <= len(_RETRY_SECONDS):
                return _RETRY_SECONDS[delivery - 1]
            self._set_aside(payload, error)
            return None

    def _apply(self, event: Event) -> None:
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
            HANDLED.labels(event.type, "done" if new else "repeated").inc()

    def _set_aside(self, payload: bytes, error: Exception) -> None:
        log.error("event set aside", extra={"error": repr(error)})
        HANDLED.labels("unknown", "dead").inc()
        self._bus.run(
            self._bus.jetstream.publish(
                f"dead.{self._service}",
                payload,
                headers={"Market-Error": repr(error).replace("\n", " ")[:200]},
            )
        )


def attach(
    service: Service,
    bus: Bus,
    database: Database,
    handlers: Mapping[str, Handler],
    after_commit: Callable[[], None] = _nothing,
) -> Consumer:
    """A Consumer that starts and stops with the service.

    `handlers` by event type; each runs in a transaction. `after_commit` is called after each event: services whose
    handlers write to the outbox give their relay's `wake`.
    """
    consumer = Consumer(service.config.service, bus, database, handlers, after_commit)
    service.on_start(consumer.start)
    service.on_stop(Stage.WORKERS, consumer.stop)
    return consumer
