"""The keys of accounts are fetched ahead of time, rotated without downtime, and kept while accounts is down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from gateway.tests import http_backends
from gateway.tests.client import Client
from gateway.tests.conftest import refresh_keys_every_second
from gateway.tests.edge import running_edge
from gateway.tests.fake_upstreams import FakeUpstreams
from laptop.ephemeral import free_port
from tests.support.tokens import Key, KeyRing, bearer
from tests.support.waiting import wait_until


@pytest.fixture
def ring(upstreams: FakeUpstreams) -> Iterator[KeyRing]:
    """Return the keys that accounts publishes, and restore them afterwards."""
    before = list(upstreams.ring.keys)
    yield upstreams.ring
    upstreams.ring.keys[:] = before


def status(client: Client, key: Key) -> int:
    """Return the status of a request with a token that is signed by this key."""
    return client.get("/api/v1/cart", headers=bearer(key.token("key-tester"))).status_code


def cookie_error(client: Client, upstreams: FakeUpstreams, token: str) -> str | None:
    """Return why the cookie with this token is invalid, from the header that the storefront receives."""
    client.get("/", headers={"Cookie": f"session={token}"})
    return upstreams.logs["storefront"].last.headers.get("x-account-error")


def test_keys_rotate_without_downtime(client: Client, ring: KeyRing) -> None:
    old, new = ring.keys[0], Key("second")
    assert (status(client, old), status(client, new)) == (200, 401)
    ring.keys.append(new)
    wait_until(lambda: status(client, new) == 200)
    assert status(client, old) == 200


def test_a_token_is_rejected_after_its_key_is_removed(client: Client, ring: KeyRing) -> None:
    kept, withdrawn = ring.keys[0], Key("withdrawn")
    ring.keys.append(withdrawn)
    token = bearer(withdrawn.token("key-tester"))
    wait_until(lambda: client.get("/api/v1/cart", headers=token).status_code == 200)
    ring.keys.remove(withdrawn)
    wait_until(lambda: client.get("/api/v1/cart", headers=token).status_code == 401)
    assert status(client, kept) == 200


def test_accounts_may_start_after_the_gateway_and_stop_before_it(upstreams: FakeUpstreams) -> None:
    ring, port = KeyRing([Key("late")]), free_port()
    fetch_failures = "http.market.jwt_authn.jwks_fetch_failed"
    with (
        running_edge({**upstreams.ports, "accounts": port}, refresh_keys_every_second) as edge,
        Client(edge) as client,
        ExitStack() as accounts,
    ):
        assert status(client, ring.keys[0]) == 503
        assert cookie_error(client, upstreams, ring.keys[0].token()) == "Jwks remote fetch is failed"
        accounts.enter_context(http_backends.running(http_backends.accounts_page(ring.jwks), port))
        wait_until(lambda: status(client, ring.keys[0]) == 200)
        assert cookie_error(client, upstreams, ring.keys[0].token()) is None
        accounts.close()
        failures = edge.counter(fetch_failures)
        wait_until(lambda: edge.counter(fetch_failures) > failures + 1)
        assert status(client, ring.keys[0]) == 200
