"""NATS: the one connection of a process, on an event loop in its own thread, for code that is not async.

The server need not run yet: the connection retries until it does. Streams: MARKET keeps the events (market.>), DEAD the
events that a service could not handle (dead.>).
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from nats import errors
from nats.aio.client import Client
from nats.js import errors as jetstream_errors
from nats.js.api import StreamConfig

from chassis.errors import Unavailable
from chassis.lifecycle import Service, Stage

log = logging.getLogger(__name__)
STREAM, DEAD_STREAM = "MARKET", "DEAD"
_KEEP_SECONDS = 7 * 24 * 3600
_DUPLICATES_SECONDS = 3600  # a message that is sent again within this time is recognized by its id
_RECONNECT_SECONDS = 0.2
_PING_SECONDS = 5  # after two unanswered pings the connection is replaced
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
T = TypeVar("T")

# The errors of an outage; every other answer of NATS is about the request itself. If its storage is full, NATS answers
# 503; if the disk is full, it answers 500 or nothing.
_OUTAGES = (
    errors.ConnectionClosedError, errors.ConnectionDrainingError, errors.ConnectionReconnectingError,
    errors.NoRespondersError, errors.NoServersError, errors.OutboundBufferLimitError, errors.TimeoutError,
    jetstream_errors.NoStreamResponseError, jetstream_errors.ServerError, jetstream_errors.ServiceUnavailableError,
    CancelledError, OSError, TimeoutError,
)  # fmt: skip


class Message(NamedTuple):
    """A message to publish. The same `id` again, within an hour, is kept once."""

    subject: str
    payload: bytes
    id: str
    headers: Mapping[str, str] = _NO_HEADERS


class NatsConnection:
    """A connection to NATS that restores itself. Every method may be called from any thread."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run_loop, name="nats", daemon=True)
        self._client = Client()
        self._stopping = asyncio.Event()
        self._ready = threading.Event()
        self._logged_errors: set[str] = set()
        self.jetstream = self._client.jetstream()

    def start(self) -> None:
        """Connect in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Close the connection and end the thread."""
        if self._thread.ident is None:
            self._loop.close()
        elif self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(timeout=3)

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Start a coroutine on the loop. Raises Unavailable (BROKER_UNAVAILABLE) if the connection is closed."""
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError as stopped:
            work.close()
            raise _unavailable() from stopped

    def run(self, work: Coroutine[Any, Any, T], timeout: float = 2.0) -> T:
        """Run a coroutine on the loop and return its result.

        Raises Unavailable (BROKER_UNAVAILABLE) if the connection fails or `timeout` seconds pass.
        """
        return self.result(self.submit(work), timeout)

    def result(self, future: Future[T], timeout: float) -> T:
        """Wait for the result of what `submit` has started. Raises as `run` does."""
        try:
            return future.result(timeout)
        except _OUTAGES as error:
            future.cancel()
            raise _unavailable() from error

    def publish(self, messages: Sequence[Message], timeout: float = 5.0) -> None:
        """Send messages in this order and wait until JetStream has stored them all. Raises as `run` does."""
        self.run(self._publish(messages), timeout)

    def wait_until_ready(self, timeout: float | None = None) -> bool:
        """Wait until the connection and the streams exist; return False if `timeout` seconds pass first."""
        return self._ready.wait(timeout)

    def check(self) -> None:
        """Raise Unavailable if the broker does not answer."""
        if not self._ready.is_set() or not self._client.is_connected:
            raise _unavailable()

    def _run_loop(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._stay_connected())

    async def _stay_connected(self) -> None:
        connecting = asyncio.create_task(self._connect())
        await self._stopping.wait()
        connecting.cancel()
        # close() waits for tasks that it has canceled itself, and fails if the broker has closed the connection.
        with contextlib.suppress(asyncio.CancelledError, OSError):
            await self._client.close()

    async def _connect(self) -> None:
        await self._client.connect(
            self._url,
            name=self._name,
            connect_timeout=1,
            max_reconnect_attempts=-1,
            reconnect_time_wait=_RECONNECT_SECONDS,  # type: ignore[arg-type]  # fractions of a second work
            ping_interval=_PING_SECONDS,
            error_cb=self._on_error,
            reconnected_cb=self._on_reconnected,
        )
        while not self._ready.is_set():
            try:
                for name, subject in ((STREAM, "market.>"), (DEAD_STREAM, "dead.>")):
                    config = StreamConfig(name=name, subjects=[subject], max_age=_KEEP_SECONDS)
                    config.duplicate_window = _DUPLICATES_SECONDS
                    await self.jetstream.add_stream(config)
                self._ready.set()
            except (errors.Error, OSError) as error:
                await self._on_error(error)
                await asyncio.sleep(_RECONNECT_SECONDS)

    async def _publish(self, messages: Sequence[Message]) -> None:
        # Not publish_async: it does not report a message that the broker rejects.
        await asyncio.gather(
            *(
                self.jetstream.publish(subject, payload, headers={"Nats-Msg-Id": message_id, **headers})
                for subject, payload, message_id, headers in messages
            )
        )

    async def _on_error(self, error: Exception) -> None:
        # Attempts to connect fail five times a second, usually in the same way: log each kind of failure once.
        text = repr(error)
        if text not in self._logged_errors and not self._stopping.is_set():
            self._logged_errors.add(text)
            log.warning("message broker does not answer", extra={"error": text})

    async def _on_reconnected(self) -> None:
        self._logged_errors.clear()


def _unavailable() -> Unavailable:
    return Unavailable("BROKER_UNAVAILABLE", "The message broker does not answer. Try again.")


def add_nats(service: Service, url: str) -> NatsConnection:
    """Add a NatsConnection that starts and stops with the service, and is one of its readiness checks."""
    nats = NatsConnection(url, service.config.service)
    service.on_start(nats.start)
    service.on_stop(Stage.CLOSE, nats.stop)
    service.readiness.add("broker", nats.check)
    return nats
