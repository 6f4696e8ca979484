"""The services behind the gateway, all small and all real, for the tests of one session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from gateway.tests import grpc_backends, http_backends
from gateway.tests.received import Inbox
from gateway.tests.tokens import Key, KeyRing, bearer

GRPC_SERVICES = ("catalog", "inventory", "recommendations", "cart", "orders")
NOBODY = 1  # a port of the loopback interface where nobody listens


@dataclass(frozen=True)
class SmallMarket:
    """Where the services listen, what they were asked, and the keys of the accounts."""

    ports: dict[str, int]
    inboxes: dict[str, Inbox]
    ring: KeyRing

    @property
    def key(self) -> Key:
        """The key that signs now."""
        return self.ring.keys[0]

    def signed_in(self, account: str = "account-1") -> dict[str, str]:
        """The header of somebody who has signed in."""
        return bearer(self.key.token(account))

    def calls(self) -> int:
        """How many calls the services got; without accounts, where the gateway fetches keys by itself."""
        return sum(len(inbox.calls) for name, inbox in self.inboxes.items() if name != "accounts")


@contextmanager
def running() -> Iterator[SmallMarket]:
    """Runs all services until the end of the `with` block. Nobody collects traces."""
    with ExitStack() as stack:
        ring = KeyRing([Key("first")])
        backends: dict[str, grpc_backends.GrpcBackend | http_backends.HttpBackend] = {}
        for name in GRPC_SERVICES:
            backends[name] = stack.enter_context(grpc_backends.running(name))
        accounts = http_backends.accounts_page(ring.jwks)
        backends["accounts"] = stack.enter_context(http_backends.running(accounts))
        backends["storefront"] = stack.enter_context(http_backends.running(http_backends.storefront_page))
        ports = {name: backend.port for name, backend in backends.items()}
        inboxes = {name: backend.inbox for name, backend in backends.items()}
        yield SmallMarket({**ports, "otel-collector": NOBODY}, inboxes, ring)
