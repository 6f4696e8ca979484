"""For service tests: the service's real composition on real servers, inside the test's own process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from chassis.config import ServiceConfig
from chassis.grpc_client import Channel
from chassis.lifecycle import Service


@contextmanager
def started(compose: Callable[[ServiceConfig], Service], config: ServiceConfig) -> Iterator[Service]:
    """A gRPC or event service, composed as its __main__ does, started, and stopped at the end of the block."""
    service = compose(config)
    service.start()
    try:
        yield service
    finally:
        service.stop()


@contextmanager
def channel(address: str) -> Iterator[Channel]:
    """A channel to the service under test."""
    opened = Channel("test", address, timeout=10)
    try:
        yield opened
    finally:
        opened.close()
