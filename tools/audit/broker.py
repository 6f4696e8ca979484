"""Reads from the broker how many events each service has set aside."""

from __future__ import annotations

import asyncio

import nats
import nats.errors
from nats.js.errors import NotFoundError

from tools.audit.errors import CannotRead

_STREAM, _PREFIX = "DEAD", "dead."
_SECONDS = 5


def dead_letters(url: str) -> dict[str, int]:
    """How many events each service could not handle. Raises CannotRead."""
    try:
        return asyncio.run(_dead_letters(url))
    except (nats.errors.Error, OSError, TimeoutError) as error:
        raise CannotRead("NATS does not answer, so the dead letters cannot be counted.") from error


async def _dead_letters(url: str) -> dict[str, int]:
    client = await nats.connect(
        url,
        name="audit",
        connect_timeout=_SECONDS,
        allow_reconnect=False,
        max_reconnect_attempts=1,  # holds for the first connection too
        reconnect_time_wait=0,
        error_cb=_quiet,
    )
    try:
        stream = await client.jetstream(timeout=_SECONDS).stream_info(_STREAM, subjects_filter=f"{_PREFIX}>")
    except NotFoundError:
        return {}
    finally:
        await client.close()
    return {subject.removeprefix(_PREFIX): count for subject, count in (stream.state.subjects or {}).items()}


async def _quiet(_error: Exception) -> None:
    """The failure is told by what it raises."""
