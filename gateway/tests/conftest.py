"""Fixtures: one Envoy in front of fake upstreams, for all tests of the session."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest

from gateway.tests import fake_upstreams
from gateway.tests.client import Client
from gateway.tests.edge import Documents, Edge, http_filter, running_edge
from gateway.tests.fake_upstreams import FakeUpstreams


def refresh_keys_every_second(documents: Documents) -> None:
    """Fetch the keys every second, so that a test does not wait for half a minute."""
    for provider in http_filter(documents, "jwt_authn")["providers"].values():
        provider["remote_jwks"]["cache_duration"] = "1s"


@pytest.fixture(scope="session")
def upstreams() -> Iterator[FakeUpstreams]:
    """Run the fake upstreams."""
    with fake_upstreams.running() as services:
        yield services


@pytest.fixture(scope="session")
def edge(upstreams: FakeUpstreams) -> Iterator[Edge]:
    """Run the gateway in front of the fake upstreams."""
    with running_edge(upstreams.ports, refresh_keys_every_second) as gateway:
        yield gateway


@pytest.fixture
def client(edge: Edge) -> Iterator[Client]:
    """Return an HTTP client that is not signed in."""
    with Client(edge) as session:
        yield session


@pytest.fixture(scope="session")
def channel(edge: Edge) -> Iterator[grpc.Channel]:
    """Return a gRPC channel to the gateway."""
    with grpc.insecure_channel(f"127.0.0.1:{edge.port}", [("grpc.enable_http_proxy", 0)]) as opened:
        yield opened
