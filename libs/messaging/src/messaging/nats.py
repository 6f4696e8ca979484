"""NATS: the one connection of a process, on an event loop in a thread of its own, for code that is not async.

The server need not be there yet; it is asked for until it is. Streams: MARKET keeps the events (market.>),
DEAD the ones that could not be handled (dead.>).
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.js.api import StreamConfig

from chassis.errors import Unavailable
from chassis.lifecycle import Service, Stage

log = logging.getLogger(__name__)
STREAM, DEAD_STREAM = "MARKET", "DEAD"
_KEEP_SECONDS = 7 * 24 * 3600
_DUPLICATES_SECONDS = 3600  # a message sent again within this time is recognised by its id
_RECONNECT_SECONDS = 0.2
_PING_SECONDS = 5  # two pings without an answer, and the connection is made anew
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
T = TypeVar("T")

# What means "not now": everything else that NATS answers is about the request itself. A broker whose storage is
# full answers 503, one whose disk is full 500 or nothing at all.
_OUTAGES = (
    nats.errors.ConnectionClosedError,
    nats.errors.ConnectionDrainingError,
    nats.errors.ConnectionReconnectingError,
    nats.errors.NoRespondersError,
    nats.errors.NoServersError,
    nats.errors.OutboundBufferLimitError,
    nats.errors.TimeoutError,
    nats.js.errors.NoStreamResponseError,
    nats.js.errors.ServerError,
    nats.js.errors.ServiceUnavailableError,
    CancelledError,
    OSError,
    TimeoutError,
)


class Message(NamedTuple):
    """What is sent: the same `id` again, within an hour, is kept once."""

    subject: str
    payload: bytes
    id: str
    headers: Mapping[str, str] = _NO_HEADERS


class NatsConnection:
    """A connection to NATS that heals itself. Every method may be called from any thread."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._live, name="bus", daemon=True)
        self._client = Client()
        self._stopping = asyncio.Event()
        self._ready = threading.Event()
        self._troubles: set[str] = set()
        self.jetstream = self._client.jetstream()

    def start(self) -> None:
        """Connects in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Closes the connection and ends the thread."""
        if self._thread.ident is None:
            self._loop.close()
        elif self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(timeout=3)

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Runs a coroutine on the bus's loop. Raises Unavailable (BROKER_UNAVAILABLE) where the bus has stopped."""
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError as stopped:
            work.close()
            raise _unavailable() from stopped

    def run(self, work: Coroutine[Any, Any, T], timeout: float = 2.0) -> T:
        """Runs a coroutine on the bus's loop and returns its result.

        Raises Unavailable (BROKER_UNAVAILABLE) where the connection fails or `timeout` seconds pass.
        """
        return self.result(self.submit(work), timeout)

    def result(self, future: Future[T], timeout: float) -> T:
        """What `submit` has begun, once it is there; raises as `run` does."""
        try:
            return future.result(timeout)
        except _OUTAGES as error:
            future.cancel()
            raise _unavailable() from error

    def publish(self, messages: Sequence[Message], timeout: float = 5.0) -> None:
        """Sends messages in this order and waits until JetStream has them all; raises as `run` does."""
        self.run(self._publish(messages), timeout)

    def wait_until_ready(self, timeout: float | None = None) -> bool:
        """Waits until connected with the streams there; False where `timeout` seconds pass before."""
        return self._ready.wait(timeout)

    def check(self) -> None:
        """Readiness: raises where the broker does not answer."""
        if not self._ready.is_set() or not self._client.is_connected:
            raise _unavailable()

    def _live(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._stay_connected())

    async def _stay_connected(self) -> None:
        connecting = asyncio.create_task(self._connect())
        await self._stopping.wait()
        connecting.cancel()
        # Closing in the middle of an attempt to connect waits for a task that is cancelled by it.
        with contextlib.suppress(asyncio.CancelledError):
            await self._client.close()

    async def _connect(self) -> None:
        await self._client.connect(
            self._url,
            name=self._name,
            connect_timeout=1,
            max_reconnect_attempts=-1,
            reconnect_time_wait=_RECONNECT_SECONDS,  # type: ignore[arg-type]  # parts of a second work
            ping_interval=_PING_SECONDS,
            error_cb=self._on_error,
            reconnected_cb=self._on_reconnected,
        )
        while not self._ready.is_set():
            try:
                await self._make_streams()
                self._ready.set()
            except (nats.errors.Error, OSError) as error:
                await self._on_error(error)
                await asyncio.sleep(_RECONNECT_SECONDS)

    async def _make_streams(self) -> None:
        for name, subject in ((STREAM, "market.>"), (DEAD_STREAM, "dead.>")):
            await self.jetstream.add_stream(
                StreamConfig(
                    name=name, subjects=[subject], max_age=_KEEP_SECONDS, duplicate_window=_DUPLICATES_SECONDS
                )
            )

    async def _publish(self, messages: Sequence[Message]) -> None:
        # Not publish_async: what the broker refuses, that would never tell.
        await asyncio.gather(
            *(
                self.jetstream.publish(
                    message.subject, message.payload, headers={"Nats-Msg-Id": message.id, **message.headers}
                )
                for message in messages
            )
        )

    async def _on_error(self, error: Exception) -> None:
        # The attempts to connect fail alike five times a second; one line tells each kind of failure.
        trouble = repr(error)
        if trouble not in self._troubles and not self._stopping.is_set():
            self._troubles.add(trouble)
            log.warning("the broker does not answer", extra={"error": trouble})

    async def _on_reconnected(self) -> None:
        self._troubles.clear()


def _unavailable() -> Unavailable:
    return Unavailable("BROKER_UNAVAILABLE", "The message broker does not answer. Try again.")


def add_nats(service: Service, url: str) -> NatsConnection:
    """A NatsConnection that starts, stops and is checked with the service."""
    bus = NatsConnection(url, service.config.service)
    service.on_start(bus.start)
    service.on_stop(Stage.CLOSE, bus.stop)
    service.readiness.add("broker", bus.check)
    return bus
