"""A JetStream key-value bucket for code that is not async: values with revisions, changed by compare-and-set.

The bucket is made when it is first needed, is kept on disk, and holds the last value of each key.
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
    """One bucket. Keys have letters, digits and any of -/_=. but no dot at either end.

    Every method may be called from any thread, takes two seconds at most, and raises Unavailable
    (BROKER_UNAVAILABLE) while the broker is away: at once where that is known, so that no write waits for the
    broker's return after its caller was told that it failed.
    """

    def __init__(self, bus: NatsConnection, bucket: str) -> None:
        self._bus = bus
        self._name = bucket
        self._bucket: Bucket | None = None

    def get(self, key: str) -> bytes | None:
        """The value of the key; None where it has none."""
        self._bus.check()
        return self._bus.run(self._get(key), _TIMEOUT_SECONDS)

    def change(self, key: str, change: Change) -> None:
        """Reads the value, hands it to `change`, and writes what that returns; None leaves the key alone.

        If somebody else writes in between it begins anew, so that no change is lost: `change` may be called
        several times, in the bus's thread, and must be quick. What it raises is raised here. Where others are
        faster for a whole second that is Unavailable (KEY_BUSY).
        """
        self._bus.check()
        self._bus.run(self._change(key, change), _TIMEOUT_SECONDS)

    def check(self) -> None:
        """Readiness: raises where the bucket is neither there nor can be made."""
        self._bus.check()
        self._bus.run(self._opened(), _TIMEOUT_SECONDS)

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
            self._bucket = None  # a broker that lost its files gets a new bucket at the next use
            raise
        return entry.value, entry.revision

    async def _opened(self) -> Bucket:
        if self._bucket is None:
            config = KeyValueConfig(bucket=self._name, history=1, direct=True)
            self._bucket = await self._bus.jetstream.create_key_value(config)
        return self._bucket


def add_key_value(service: Service, bus: NatsConnection, bucket: str) -> KeyValue:
    """A KeyValue that is checked with the service."""
    keyvalue = KeyValue(bus, bucket)
    service.readiness.add("bucket", keyvalue.check)
    return keyvalue
