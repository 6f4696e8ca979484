"""A broker without room for further messages."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import psutil
import pytest

from chassis.errors import Unavailable
from messaging.nats import STREAM, Message, NatsConnection
from tests.support.servers import OwnServer

ROOM = 100_000  # bytes
needs_limits = pytest.mark.skipif(not hasattr(psutil.Process, "rlimit"), reason="no limits on this system")


def fill(nats: NatsConnection) -> None:
    """Publish until the broker has no room left."""
    with pytest.raises(Unavailable):
        while True:
            nats.publish([Message("market.test.filler", b"x" * 1000, str(uuid4()))])


def make_room(nats: NatsConnection) -> None:
    """Delete what `fill` has published."""
    nats.run(nats.jetstream.purge_stream(STREAM, subject="market.test.filler"))


@contextmanager
def full_disk(server: OwnServer) -> Iterator[None]:
    """A block in which the broker cannot write to any file, as on a full disk."""
    process = server.process()
    process.rlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    yield
    process.rlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
