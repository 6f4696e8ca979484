"""Rate limits for an address that signs in, an account, and an address without an account; connection limits."""

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
from gateway.tests.fake_upstreams import FakeUpstreams
from nightmarket.cart.v1 import cart_pb2, cart_pb2_grpc
from tests.support.tokens import bearer

BURST = 200  # the same for an account's calls as for an address that signs in


def never_refill(documents: Documents) -> None:
    """Stop refilling buckets, so that the speed of the machine doesn't matter, and shrink the largest one."""
    for descriptor in http_filter(documents, "local_ratelimit")["descriptors"]:
        bucket = descriptor["token_bucket"]
        bucket.update(tokens_per_fill=1, fill_interval="3600s")
        if {"key": "header_match", "value": "anonymous"} in descriptor["entries"]:
            bucket["max_tokens"] = 300


@pytest.fixture(scope="module")
def no_refill_edge(upstreams: FakeUpstreams) -> Iterator[Edge]:
    """Run a gateway whose rate limit buckets are never refilled."""
    with running_edge(upstreams.ports, never_refill) as gateway:
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
def test_an_address_cannot_guess_passwords_without_limit(
    no_refill_edge: Edge, address: str, path: str
) -> None:
    with Client(no_refill_edge, address) as attacker:
        statuses = Counter(attacker.post(path, json={}).status_code for _ in range(BURST + 5))
        rejected = attacker.post(path, json={})
    assert statuses == {200: BURST, 429: 5}
    assert reason(rejected) == "RATE_LIMITED"
    assert int(rejected.headers["Retry-After"]) >= 1


def test_an_address_that_is_rate_limited_does_not_affect_others(no_refill_edge: Edge) -> None:
    with Client(no_refill_edge, "127.0.2.1") as attacker, Client(no_refill_edge, "127.0.2.2") as other:
        statuses = {attacker.post("/api/v1/sessions", json={}).status_code for _ in range(BURST + 1)}
        assert statuses == {200, 429}
        assert other.post("/api/v1/sessions", json={}).status_code == 200
        assert attacker.get("/api/v1/products/lamp").status_code == 200


def test_an_account_cannot_overload_the_stack(no_refill_edge: Edge, upstreams: FakeUpstreams) -> None:
    greedy, other = upstreams.signed_in("greedy"), upstreams.signed_in("other")
    with Client(no_refill_edge, "127.0.2.3") as client:
        statuses = Counter(client.get("/api/v1/cart", headers=greedy).status_code for _ in range(BURST + 5))
        assert statuses == {200: BURST, 429: 5}
        assert client.get("/api/v1/cart", headers=other).status_code == 200


def test_an_account_has_one_limit_for_all_protocols(no_refill_edge: Edge, upstreams: FakeUpstreams) -> None:
    token = upstreams.key.token("greedy everywhere")
    metadata = [("authorization", f"Bearer {token}")]
    with Client(no_refill_edge, "127.0.2.4") as client:
        statuses = {client.get("/api/v1/cart", headers=bearer(token)).status_code for _ in range(BURST)}
        assert statuses == {200}
        assert client.get("/", headers={"Cookie": f"session={token}"}).status_code == 429
    with (
        grpc.insecure_channel(f"127.0.0.1:{no_refill_edge.port}", [("grpc.enable_http_proxy", 0)]) as channel,
        pytest.raises(grpc.RpcError) as error,
    ):
        cart_pb2_grpc.CartServiceStub(channel).GetCart(cart_pb2.GetCartRequest(), metadata=metadata)
    assert error.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_an_address_without_an_account_has_a_limit_too(no_refill_edge: Edge) -> None:
    with Client(no_refill_edge, "127.0.2.5") as visitor, Client(no_refill_edge, "127.0.2.6") as another:
        statuses = Counter(visitor.get("/api/v1/products/lamp").status_code for _ in range(305))
        assert statuses == {200: 300, 429: 5}
        assert another.get("/api/v1/products/lamp").status_code == 200


def allow_three_connections(documents: Documents) -> None:
    """Limit connections to three instead of hundreds."""
    monitor = documents["envoy.yaml"]["overload_manager"]["resource_monitors"][0]["typed_config"]
    monitor["max_active_downstream_connections"] = 3


def test_a_client_cannot_open_unlimited_connections(upstreams: FakeUpstreams) -> None:
    with running_edge(upstreams.ports, allow_three_connections) as edge, ExitStack() as connections:
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


def test_forty_users_behind_one_address_can_sign_up_and_in_at_once(edge: Edge) -> None:
    paths = ["/api/v1/accounts", "/api/v1/sessions"] * 40
    with Client(edge, "127.0.2.7") as school:
        assert {school.post(path, json={}).status_code for path in paths} == {200}
