"""How often somebody may ask: an address that signs in, an account, an address without an account."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier

import grpc
import pytest

from gateway.tests.client import Client, reason
from gateway.tests.edge import Documents, Edge, http_filter, running_edge
from gateway.tests.small_market import SmallMarket
from gateway.tests.tokens import bearer
from nightmarket.cart.v1 import cart_pb2, cart_pb2_grpc

BURST = 200  # the same for an account's calls as for an address that signs in


def never_refill(documents: Documents) -> None:
    """An empty bucket stays empty: a slow machine counts as a fast one. The largest bucket is smaller."""
    for descriptor in http_filter(documents, "local_ratelimit")["descriptors"]:
        bucket = descriptor["token_bucket"]
        bucket.update(tokens_per_fill=1, fill_interval="3600s")
        if {"key": "header_match", "value": "anonymous"} in descriptor["entries"]:
            bucket["max_tokens"] = 300


@pytest.fixture(scope="module")
def strict_edge(market: SmallMarket) -> Iterator[Edge]:
    """A gateway that forgives nothing."""
    with running_edge(market.ports, never_refill) as gateway:
        yield gateway


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("127.0.1.1", "/api/v1/accounts"),
        ("127.0.1.2", "/api/v1/sessions?x=1"),
        ("127.0.1.3", "/sign-in"),
        ("127.0.1.4", "/sign-up?next=/cart"),
    ],
)
def test_an_address_cannot_try_passwords_without_end(strict_edge: Edge, address: str, path: str) -> None:
    with Client(strict_edge, address) as thief:
        statuses = Counter(thief.post(path, json={}).status_code for _ in range(BURST + 5))
        refused = thief.post(path, json={})
    assert statuses == {200: BURST, 429: 5}
    assert reason(refused) == "RATE_LIMITED"
    assert int(refused.headers["Retry-After"]) >= 1


def test_an_address_that_may_not_sign_in_keeps_no_other_from_it(strict_edge: Edge) -> None:
    with Client(strict_edge, "127.0.2.1") as thief, Client(strict_edge, "127.0.2.2") as neighbour:
        statuses = {thief.post("/api/v1/sessions", json={}).status_code for _ in range(BURST + 1)}
        assert statuses == {200, 429}
        assert neighbour.post("/api/v1/sessions", json={}).status_code == 200
        assert thief.get("/api/v1/products/lamp").status_code == 200


def test_an_account_cannot_keep_the_market_busy(strict_edge: Edge, market: SmallMarket) -> None:
    greedy, other = market.signed_in("greedy"), market.signed_in("other")
    with Client(strict_edge, "127.0.2.3") as client:
        statuses = Counter(client.get("/api/v1/cart", headers=greedy).status_code for _ in range(BURST + 5))
        assert statuses == {200: BURST, 429: 5}
        assert client.get("/api/v1/cart", headers=other).status_code == 200


def test_an_account_has_one_limit_for_all_ways_in(strict_edge: Edge, market: SmallMarket) -> None:
    token = market.key.token("greedy everywhere")
    metadata = [("authorization", f"Bearer {token}")]
    with Client(strict_edge, "127.0.2.4") as client:
        statuses = {client.get("/api/v1/cart", headers=bearer(token)).status_code for _ in range(BURST)}
        assert statuses == {200}
        assert client.get("/", headers={"Cookie": f"session={token}"}).status_code == 429
    with (
        grpc.insecure_channel(f"127.0.0.1:{strict_edge.port}", [("grpc.enable_http_proxy", 0)]) as channel,
        pytest.raises(grpc.RpcError) as refused,
    ):
        cart_pb2_grpc.CartServiceStub(channel).GetCart(cart_pb2.GetCartRequest(), metadata=metadata)
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_an_address_without_an_account_has_a_limit_too(strict_edge: Edge) -> None:
    with Client(strict_edge, "127.0.2.5") as visitor, Client(strict_edge, "127.0.2.6") as another:
        statuses = Counter(visitor.get("/api/v1/products/lamp").status_code for _ in range(305))
        assert statuses == {200: 300, 429: 5}
        assert another.get("/api/v1/products/lamp").status_code == 200


def only_three(documents: Documents) -> None:
    """Three connections instead of hundreds."""
    monitor = documents["envoy.yaml"]["overload_manager"]["resource_monitors"][0]["typed_config"]
    monitor["max_active_downstream_connections"] = 3


def test_connections_cannot_be_hoarded(market: SmallMarket) -> None:
    with running_edge(market.ports, only_three) as edge, ExitStack() as connections:
        for _ in range(3):
            connections.enter_context(socket.create_connection(("127.0.0.1", edge.port), timeout=10))
        fourth = connections.enter_context(socket.create_connection(("127.0.0.1", edge.port), timeout=10))
        assert fourth.recv(1) == b""


def test_a_hundred_buyers_at_once_are_served(edge: Edge) -> None:
    start = Barrier(100)

    def buy(path: str) -> int:
        with Client(edge) as buyer:
            start.wait()
            return buyer.get(path).status_code

    with ThreadPoolExecutor(100) as buyers:
        assert set(buyers.map(buy, ["/", "/api/v1/products/lamp"] * 50)) == {200}


def test_a_class_of_forty_behind_one_address_can_sign_up_and_in_at_once(edge: Edge) -> None:
    paths = ["/api/v1/accounts", "/api/v1/sessions"] * 40
    with Client(edge, "127.0.2.7") as school:
        assert {school.post(path, json={}).status_code for path in paths} == {200}
