"""Run a service inside the test's own process, with the same wiring as in production."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from chassis.config import ServiceConfig
from chassis.grpc_client import Channel
from chassis.lifecycle import Service

ConfigT = TypeVar("ConfigT", bound=ServiceConfig)


@contextmanager
def started(build_service: Callable[[ConfigT], Service], config: ConfigT) -> Iterator[Service]:
    """Build a service as its `__main__` does, start it, and stop it at the end of the block."""
    service = build_service(config)
    try:
        service.start()
        yield service
    finally:
        service.stop()


@contextmanager
def channel(address: str) -> Iterator[Channel]:
    """Yield a channel to the service under test, with a timeout of 10 seconds."""
    opened = Channel("test", address, timeout=10)
    try:
        yield opened
    finally:
        opened.close()
