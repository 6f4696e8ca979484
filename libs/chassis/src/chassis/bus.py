"""NATS: the one connection of a process, on an event loop in a thread of its own, for code that is not async.

The server need not be there yet; it is asked for until it is. Streams: MARKET keeps the events (market.>),
DEAD the ones that could not be handled (dead.>).
"""

import asyncio
import logging
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

import nats
import nats.errors
from nats.js import JetStreamContext
from nats.js.api import StreamConfig
from tenacity import AsyncRetrying, retry_if_exception_type, wait_exponential

from chassis.errors import Unavailable
from chassis.lifecycle import Service, Stage

log = logging.getLogger(__name__)
STREAM, DEAD_STREAM = "MARKET", "DEAD"
_KEEP_SECONDS = 7 * 24 * 3600
_DUPLICATES_SECONDS = 3600  # a message sent again within this time is recognised by its id
_CONNECTION_ERRORS = (nats.errors.Error, OSError, TimeoutError)
T = TypeVar("T")


class Bus:
    """A connection to NATS that heals itself. Every method may be called from any thread."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="bus", daemon=True)
        self._client = nats.NATS()
        self._stopping = threading.Event()
        self._ready = threading.Event()
        self.jetstream: JetStreamContext = self._client.jetstream()

    def start(self) -> None:
        """Connects in the background."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._connect(), self._loop)

    def stop(self) -> None:
        """Sends what is buffered, closes the connection and ends the thread."""
        self._stopping.set()
        try:
            self.run(self._client.close(), timeout=2)
        except Unavailable:
            log.warning("the broker did not take leave")
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=2)

    @property
    def stopping(self) -> bool:
        """Whether `stop` has been called."""
        return self._stopping.is_set()

    def run(self, work: Coroutine[Any, Any, T], timeout: float = 2.0) -> T:
        """Runs a coroutine on the bus's loop and returns its result.

        Raises Unavailable (BROKER_UNAVAILABLE) where the connection fails or `timeout` seconds pass.
        """
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(timeout)
        except (nats.errors.ConnectionClosedError, nats.errors.TimeoutError, nats.errors.NoServersError,
                nats.errors.NoRespondersError, OSError, TimeoutError) as error:  # fmt: skip
            future.cancel()
            raise Unavailable(
                "BROKER_UNAVAILABLE", "The message broker does not answer. Try again."
            ) from error

    def publish(self, subject: str, payload: bytes, message_id: str) -> None:
        """Sends one message and waits until JetStream has it; the same `message_id` again is kept once."""
        self.run(self.jetstream.publish(subject, payload, headers={"Nats-Msg-Id": message_id}))

    def wait_until_ready(self, timeout: float | None = None) -> bool:
        """Waits until connected with the streams there; False where `timeout` seconds pass before."""
        return self._ready.wait(timeout)

    def check(self) -> None:
        """Readiness: raises where the broker does not answer."""
        if not self._ready.is_set() or not self._client.is_connected:
            raise Unavailable("BROKER_UNAVAILABLE", "the broker does not answer")

    async def _connect(self) -> None:
        waits = AsyncRetrying(
            retry=retry_if_exception_type(_CONNECTION_ERRORS), wait=wait_exponential(multiplier=0.05, max=1.0)
        )
        async for attempt in waits:
            with attempt:
                if not self._client.is_connected:
                    await self._client.connect(
                        self._url, name=self._name, max_reconnect_attempts=-1, reconnect_time_wait=0.2,
                        connect_timeout=1, allow_reconnect=True, error_cb=self._on_error,
                    )  # fmt: skip
                await self._make_streams()
        self._ready.set()

    async def _make_streams(self) -> None:
        for name, subject in ((STREAM, "market.>"), (DEAD_STREAM, "dead.>")):
            await self.jetstream.add_stream(
                StreamConfig(
                    name=name, subjects=[subject], max_age=_KEEP_SECONDS, duplicate_window=_DUPLICATES_SECONDS
                )
            )

    async def _on_error(self, error: Exception) -> None:
        if not self._stopping.is_set():
            log.debug("broker: %s", error)


def attach(service: Service, url: str) -> Bus:
    """A Bus that starts, stops and is checked with the service."""
    bus = Bus(url, service.config.service)
    service.on_start(bus.start)
    service.on_stop(Stage.CLOSE, bus.stop)
    service.readiness.add("broker", bus.check)
    return bus
