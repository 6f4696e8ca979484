"""One market of small services behind one Envoy, for all tests of the session."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest

from gateway.tests import small_market
from gateway.tests.client import Client
from gateway.tests.edge import Documents, Edge, http_filter, running_edge
from gateway.tests.small_market import SmallMarket


def ask_for_keys_often(documents: Documents) -> None:
    """Fetch the keys every second, so that a test need not wait for half a minute."""
    for provider in http_filter(documents, "jwt_authn")["providers"].values():
        provider["remote_jwks"]["cache_duration"] = "1s"


@pytest.fixture(scope="session")
def market() -> Iterator[SmallMarket]:
    """The services."""
    with small_market.running() as services:
        yield services


@pytest.fixture(scope="session")
def edge(market: SmallMarket) -> Iterator[Edge]:
    """The gateway in front of them."""
    with running_edge(market.ports, ask_for_keys_often) as gateway:
        yield gateway


@pytest.fixture
def client(edge: Edge) -> Iterator[Client]:
    """Somebody who has not signed in."""
    with Client(edge) as session:
        yield session


@pytest.fixture(scope="session")
def channel(edge: Edge) -> Iterator[grpc.Channel]:
    """A gRPC client."""
    with grpc.insecure_channel(f"127.0.0.1:{edge.port}", [("grpc.enable_http_proxy", 0)]) as opened:
        yield opened
