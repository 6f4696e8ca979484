"""The keys of the accounts: fetched ahead of time, changed without a pause, kept while accounts is away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from gateway.tests import http_backends
from gateway.tests.client import Client
from gateway.tests.conftest import ask_for_keys_often
from gateway.tests.edge import running_edge
from gateway.tests.small_market import SmallMarket
from gateway.tests.tokens import Key, KeyRing, bearer
from gateway.tests.waiting import eventually
from laptop.throwaway import free_port


@pytest.fixture
def ring(market: SmallMarket) -> Iterator[KeyRing]:
    """The market's keys; afterwards they are what they were."""
    before = list(market.ring.keys)
    yield market.ring
    market.ring.keys[:] = before


def status(client: Client, key: Key) -> int:
    """What somebody gets who shows a token of this key."""
    return client.get("/api/v1/cart", headers=bearer(key.token("key-tester"))).status_code


def trouble(client: Client, market: SmallMarket, token: str) -> str | None:
    """What the web shop is told about a cookie that says nothing."""
    client.get("/", headers={"Cookie": f"session={token}"})
    return market.inboxes["storefront"].last.headers.get("x-account-trouble")


def test_keys_change_without_a_pause(client: Client, ring: KeyRing) -> None:
    old, new = ring.keys[0], Key("second")
    assert (status(client, old), status(client, new)) == (200, 401)
    ring.keys.append(new)
    assert eventually(lambda: status(client, new) == 200)
    assert status(client, old) == 200


def test_a_token_that_was_good_is_refused_once_its_key_is_withdrawn(client: Client, ring: KeyRing) -> None:
    kept, withdrawn = ring.keys[0], Key("withdrawn")
    ring.keys.append(withdrawn)
    token = bearer(withdrawn.token("key-tester"))
    assert eventually(lambda: client.get("/api/v1/cart", headers=token).status_code == 200)
    ring.keys.remove(withdrawn)
    assert eventually(lambda: client.get("/api/v1/cart", headers=token).status_code == 401)
    assert status(client, kept) == 200


def test_accounts_may_start_after_the_gateway_and_stop_before_it(market: SmallMarket) -> None:
    ring, port = KeyRing([Key("late")]), free_port()
    fetch_failures = "http.market.jwt_authn.jwks_fetch_failed"
    with (
        running_edge({**market.ports, "accounts": port}, ask_for_keys_often) as edge,
        Client(edge) as client,
        ExitStack() as accounts,
    ):
        assert status(client, ring.keys[0]) == 503
        assert trouble(client, market, ring.keys[0].token()) == "Jwks remote fetch is failed"
        accounts.enter_context(http_backends.running(http_backends.accounts_page(ring.jwks), port))
        assert eventually(lambda: status(client, ring.keys[0]) == 200)
        assert trouble(client, market, ring.keys[0].token()) is None
        accounts.close()
        failures = edge.counter(fetch_failures)
        assert eventually(lambda: edge.counter(fetch_failures) > failures + 1)
        assert status(client, ring.keys[0]) == 200
