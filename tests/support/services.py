"""Run a service inside the test's own process, wired as in production."""

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
    """A service, built as its `__main__` does, started, and stopped at the end of the block."""
    service = build_service(config)
    try:
        service.start()
        yield service
    finally:
        service.stop()


@contextmanager
def channel(address: str) -> Iterator[Channel]:
    """A channel to the service under test, closed at the end of the block."""
    opened = Channel("test", address, timeout=10)
    try:
        yield opened
    finally:
        opened.close()
