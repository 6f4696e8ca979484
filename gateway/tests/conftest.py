"""One market of small services behind one Envoy, for all tests of the session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import grpc_backends
import http_backends
import pytest
from edge import Documents, Edge, http_filter, running_edge
from received import Inbox
from tokens import Key, KeyRing

GRPC_SERVICES = ("catalog", "inventory", "recommendations", "cart", "orders")
NOBODY = 1  # a port of the loopback interface where nobody listens


@dataclass(frozen=True)
class Market:
    """The services behind the gateway: where they listen, what they were asked, the keys of the accounts."""

    ports: dict[str, int]
    inboxes: dict[str, Inbox]
    ring: KeyRing

    @property
    def key(self) -> Key:
        """The key that signs now."""
        return self.ring.keys[0]


@pytest.fixture(scope="session")
def market() -> Iterator[Market]:
    """Small real services."""
    with ExitStack() as stack:
        ring = KeyRing([Key("first")])
        backends = {name: stack.enter_context(grpc_backends.running(name)) for name in GRPC_SERVICES}
        web = {"accounts": http_backends.accounts_page(ring.jwks), "storefront": http_backends.storefront_page}
        pages = {name: stack.enter_context(http_backends.running(answer)) for name, answer in web.items()}
        both = {**backends, **pages}
        yield Market(
            {name: backend.port for name, backend in both.items()} | {"otel-collector": NOBODY},
            {name: backend.inbox for name, backend in both.items()},
            ring,
        )


def ask_for_keys_often(documents: Documents) -> None:
    """Fetch the keys every second, so that a test need not wait for half a minute."""
    for provider in http_filter(documents, "jwt_authn")["providers"].values():
        provider["remote_jwks"]["cache_duration"] = "1s"


@pytest.fixture(scope="session")
def edge(market: Market) -> Iterator[Edge]:
    """The gateway in front of them."""
    with running_edge(market.ports, ask_for_keys_often) as gateway:
        yield gateway
