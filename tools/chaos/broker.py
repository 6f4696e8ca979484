"""Filling the broker's storage with junk, and emptying it again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

import nats
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.api import StreamConfig
from nats.js.errors import APIError, NotFoundError

_STREAM, _SUBJECT = "JUNK", "junk"
_SIZES = (512 << 10, 8 << 10, 512, 1)  # bytes of a message: large ones first, then smaller ones into the gap
_PATIENCE = 60.0  # seconds
_PAUSE = 0.2  # seconds


@contextlib.contextmanager
def filled(url: str) -> Iterator[None]:
    """For the length of the block, the broker has no room left."""
    asyncio.run(asyncio.wait_for(_fill(url), _PATIENCE))
    try:
        yield
    finally:
        asyncio.run(asyncio.wait_for(_empty(url), _PATIENCE))


@contextlib.asynccontextmanager
async def _connected(url: str) -> AsyncIterator[Client]:
    client = await nats.connect(
        url, connect_timeout=2, max_reconnect_attempts=-1, reconnect_time_wait=0.1, error_cb=_ignored
    )
    try:
        yield client
    finally:
        await client.close()


async def _ignored(_error: Exception) -> None:
    """The broker may be the victim of another fault at the same time."""


async def _fill(url: str) -> None:
    async with _connected(url) as client:
        jetstream = client.jetstream(timeout=2)
        await jetstream.add_stream(StreamConfig(name=_STREAM, subjects=[_SUBJECT]))
        for size in _SIZES:
            with contextlib.suppress(APIError):
                while True:
                    await jetstream.publish(_SUBJECT, bytes(size))


async def _empty(url: str) -> None:
    while True:
        with contextlib.suppress(NatsError, OSError, TimeoutError):
            async with _connected(url) as client:
                with contextlib.suppress(NotFoundError):
                    await client.jetstream(timeout=2).delete_stream(_STREAM)
                return
        await asyncio.sleep(_PAUSE)
