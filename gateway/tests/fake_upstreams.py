"""The fake services behind the gateway, for the tests of one session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from gateway.tests import grpc_backends, http_backends
from gateway.tests.call_log import CallLog
from tests.support.tokens import Key, KeyRing, bearer

GRPC_SERVICES = ("catalog", "inventory", "recommendations", "cart", "orders")
CLOSED_PORT = 1  # a port of the loopback interface without a listener


@dataclass(frozen=True)
class FakeUpstreams:
    """The ports of the services, the calls that they received, and the signing keys of accounts."""

    ports: dict[str, int]
    logs: dict[str, CallLog]
    ring: KeyRing

    @property
    def key(self) -> Key:
        """The active signing key."""
        return self.ring.keys[0]

    def signed_in(self, account: str = "account-1") -> dict[str, str]:
        """Return the header of a signed-in user."""
        return bearer(self.key.token(account))

    def calls(self) -> int:
        """Return how many calls the services received, except accounts, from which the gateway fetches keys."""
        return sum(len(log.calls) for name, log in self.logs.items() if name != "accounts")


@contextmanager
def running() -> Iterator[FakeUpstreams]:
    """Run all services until the end of the `with` block. There is no trace collector."""
    with ExitStack() as stack:
        ring = KeyRing([Key("first")])
        backends: dict[str, grpc_backends.GrpcBackend | http_backends.HttpBackend] = {}
        for name in GRPC_SERVICES:
            backends[name] = stack.enter_context(grpc_backends.running(name))
        accounts = http_backends.accounts_page(ring.jwks)
        backends["accounts"] = stack.enter_context(http_backends.running(accounts))
        backends["storefront"] = stack.enter_context(http_backends.running(http_backends.storefront_page))
        ports = {name: backend.port for name, backend in backends.items()}
        logs = {name: backend.log for name, backend in backends.items()}
        yield FakeUpstreams({**ports, "otel-collector": CLOSED_PORT}, logs, ring)
