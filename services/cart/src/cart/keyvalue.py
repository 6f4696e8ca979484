"""A JetStream key-value bucket for code that is not async: values with revisions, changed by compare-and-swap.

The bucket is created at its first use. It is on disk and has the last value of each key.
"""

from collections.abc import Callable

import nats.errors
import nats.js.errors
from nats.js.api import KeyValueConfig
from nats.js.kv import KeyValue as Bucket
from tenacity import (
    AsyncRetrying,
    RetryError,
    retry_if_exception_type,
    stop_after_delay,
    wait_random_exponential,
)

from chassis.errors import Unavailable
from chassis.lifecycle import Service
from messaging.nats import NatsConnection

Change = Callable[[bytes | None], bytes | None]
_TIMEOUT_SECONDS = 1.5
_GONE = (nats.errors.NoRespondersError, nats.js.errors.NoStreamResponseError)
_RETRIES = AsyncRetrying(
    retry=retry_if_exception_type(nats.js.errors.KeyWrongLastSequenceError),
    wait=wait_random_exponential(multiplier=0.002, max=0.05),
    stop=stop_after_delay(1.0),
)


class KeyValue:
    """One bucket. A key has letters, digits and any of -/_=. but no dot at either end.

    Methods are safe for use by several threads and take at most two seconds. They raise Unavailable
    (BROKER_UNAVAILABLE) if NATS is down. If the connection is known to be down, they raise at once: a write must not
    wait for a reconnect and take effect after its caller got the error.
    """

    def __init__(self, nats_connection: NatsConnection, bucket: str) -> None:
        self._nats = nats_connection
        self._name = bucket
        self._bucket: Bucket | None = None

    def get(self, key: str) -> bytes | None:
        """Return the value of the key, or None if it has none."""
        self._nats.check()
        return self._nats.run(self._get(key), _TIMEOUT_SECONDS)

    def change(self, key: str, change: Change) -> None:
        """Read the value, pass it to `change`, and write what that returns. None leaves the value unchanged.

        If another process writes in between, this starts again, so that no change is lost. So `change` may be called
        several times, in the thread of the connection, and must be fast. An exception of `change` is raised here.
        Raises Unavailable (KEY_BUSY) if other processes are faster for a whole second.
        """
        self._nats.check()
        self._nats.run(self._change(key, change), _TIMEOUT_SECONDS)

    def check(self) -> None:
        """Readiness check: raises if the bucket does not exist and cannot be created."""
        self._nats.check()
        self._nats.run(self._opened(), _TIMEOUT_SECONDS)

    async def _get(self, key: str) -> bytes | None:
        value, _ = await self._read(key)
        return value

    async def _change(self, key: str, change: Change) -> None:
        try:
            await _RETRIES.copy()(self._try_to_change, key, change)
        except RetryError as error:
            raise Unavailable("KEY_BUSY", "Too many changes at once. Try again.") from error

    async def _try_to_change(self, key: str, change: Change) -> None:
        value, revision = await self._read(key)
        changed = change(value)
        if changed is None:
            return
        bucket = await self._opened()
        if revision is None:
            await bucket.create(key, changed)
        else:
            await bucket.update(key, changed, revision)

    async def _read(self, key: str) -> tuple[bytes | None, int | None]:
        bucket = await self._opened()
        try:
            entry = await bucket.get(key)
        except nats.js.errors.KeyNotFoundError:
            return None, None
        except _GONE:
            self._bucket = None  # if NATS lost its files, the next use creates the bucket again
            raise
        return entry.value, entry.revision

    async def _opened(self) -> Bucket:
        if self._bucket is None:
            config = KeyValueConfig(bucket=self._name, history=1, direct=True)
            self._bucket = await self._nats.jetstream.create_key_value(config)
        return self._bucket


def add_key_value(service: Service, nats_connection: NatsConnection, bucket: str) -> KeyValue:
    """Add a KeyValue to the service, with its readiness check."""
    keyvalue = KeyValue(nats_connection, bucket)
    service.readiness.add("bucket", keyvalue.check)
    return keyvalue
