"""A service that fails takes nothing else along, and is asked again only where that can do no harm."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import grpc
import pytest

from gateway.tests import grpc_backends
from gateway.tests.client import Client, reason
from gateway.tests.edge import Documents, Edge, connection_manager, running_edge
from gateway.tests.small_market import NOBODY, SmallMarket
from gateway.tests.waiting import eventually
from laptop.throwaway import free_port
from nightmarket.catalog.v1 import catalog_pb2, catalog_pb2_grpc


@pytest.fixture(scope="module")
def lonely_edge() -> Iterator[Edge]:
    """A gateway that knows the services by name only, and nobody knows these names."""
    with running_edge({}) as gateway:
        yield gateway


def test_the_gateway_starts_where_no_service_can_be_found(lonely_edge: Edge) -> None:
    with Client(lonely_edge) as client:
        assert client.get("/healthz").status_code == 200
        assert client.get("/openapi.json").status_code == 200


@pytest.mark.parametrize("path", ["/", "/api/v1/products/lamp", "/.well-known/jwks.json"])
def test_a_service_that_cannot_be_found_is_unavailable(lonely_edge: Edge, path: str) -> None:
    with Client(lonely_edge) as client:
        answer = client.get(path)
    assert (answer.status_code, reason(answer)) == (503, "UPSTREAM_UNAVAILABLE")
    assert int(answer.headers["Retry-After"]) >= 1


def test_a_browser_gets_a_page_that_says_so(lonely_edge: Edge) -> None:
    with Client(lonely_edge) as client:
        answer = client.get("/", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "text/html; charset=utf-8")


def test_a_token_that_cannot_be_checked_is_not_called_bad(lonely_edge: Edge, market: SmallMarket) -> None:
    with Client(lonely_edge) as client:
        answer = client.get("/api/v1/cart", headers=market.signed_in())
    assert (answer.status_code, reason(answer)) == (503, "UPSTREAM_UNAVAILABLE")
    assert answer.json()["details"][0]["metadata"] == {"service": "accounts"}


def test_one_service_that_is_down_leaves_the_others_serving(market: SmallMarket) -> None:
    port = free_port()
    with running_edge({**market.ports, "recommendations": port}) as edge, Client(edge) as client:
        answer = client.get("/api/v1/products/lamp/recommendations")
        assert (answer.status_code, reason(answer)) == (503, "UPSTREAM_UNAVAILABLE")
        assert answer.json()["details"][0]["metadata"] == {"service": "recommendations"}
        assert client.get("/api/v1/products/lamp").status_code == 200
        with grpc_backends.running("recommendations", port):
            assert eventually(lambda: client.get("/api/v1/products/lamp/recommendations").status_code == 200)


@pytest.mark.parametrize(
    ("service", "path"),
    [
        ("catalog", "/api/v1/products/lamp"),
        ("inventory", "/api/v1/products/lamp/stock"),
        ("cart", "/api/v1/cart"),
        ("orders", "/api/v1/orders/order-1"),
        ("storefront", "/"),
    ],
)
def test_a_read_that_fails_once_is_asked_again(
    client: Client, market: SmallMarket, service: str, path: str
) -> None:
    market.inboxes[service].fail(times=1)
    assert client.get(path, headers=market.signed_in()).status_code == 200
    assert len(market.inboxes[service].calls) == 2


def test_a_read_is_not_asked_for_ever(client: Client, market: SmallMarket) -> None:
    market.inboxes["catalog"].fail(times=3)
    assert client.get("/api/v1/products/lamp").status_code == 503
    assert len(market.inboxes["catalog"].calls) == 3


@pytest.mark.parametrize(
    ("service", "method", "path"),
    [
        ("orders", "POST", "/api/v1/orders"),
        ("orders", "POST", "/api/v1/orders/order-1:cancel"),
        ("cart", "POST", "/api/v1/cart/items"),
        ("cart", "DELETE", "/api/v1/cart/items/lamp"),
        ("storefront", "POST", "/checkout"),
    ],
)
def test_a_write_that_a_service_got_is_never_sent_again(
    client: Client, market: SmallMarket, service: str, method: str, path: str
) -> None:
    market.inboxes[service].fail(times=1)
    data = b"" if method == "DELETE" else b"{}"
    assert client.request(method, path, data=data, headers=market.signed_in()).status_code == 503
    assert len(market.inboxes[service].calls) == 1


@pytest.mark.parametrize(
    ("service", "method", "path"),
    [
        ("catalog", "GET", "/api/v1/products/lamp"),
        ("cart", "POST", "/api/v1/cart/items"),
        ("orders", "POST", "/api/v1/orders"),
    ],
)
def test_what_a_stopping_service_did_not_begin_is_sent_again(
    client: Client, market: SmallMarket, service: str, method: str, path: str
) -> None:
    market.inboxes[service].fail(times=2, code=grpc.StatusCode.CANCELLED)
    assert client.request(method, path, data=b"{}", headers=market.signed_in()).status_code == 200
    assert len(market.inboxes[service].calls) == 3


def test_a_write_that_reached_nobody_is_tried_again(market: SmallMarket) -> None:
    with running_edge({**market.ports, "orders": NOBODY}) as edge, Client(edge) as client:
        answer = client.post("/api/v1/orders", json={}, headers=market.signed_in())
        assert (answer.status_code, reason(answer)) == (503, "UPSTREAM_UNAVAILABLE")
        assert edge.counter("cluster.orders.upstream_rq_retry") == 2


def hurry(documents: Documents) -> None:
    """Wait for a fifth of a second instead of several."""
    for route in documents["routes.yaml"]["resources"][0]["virtual_hosts"][0]["routes"]:
        if "route" in route:
            route["route"]["timeout"] = "0.2s"
    connection_manager(documents)["request_headers_timeout"] = "0.2s"
    connection_manager(documents)["request_timeout"] = "0.2s"


@pytest.fixture(scope="module")
def hasty_edge(market: SmallMarket) -> Iterator[Edge]:
    """A gateway that waits for nobody."""
    with running_edge(market.ports, hurry) as gateway:
        yield gateway


def test_a_service_that_takes_too_long_is_given_up(hasty_edge: Edge) -> None:
    with Client(hasty_edge) as client:
        answer = client.get("/api/v1/products/slow")
    assert answer.status_code == 504
    assert reason(answer) == "UPSTREAM_TIMEOUT"


@pytest.mark.parametrize(
    "sent", ["GET / HTTP/1.1\r\nHost: ", "POST / HTTP/1.1\r\nHost: market\r\nContent-Length: 9\r\n\r\nslow"]
)
def test_a_client_that_sends_too_slowly_is_sent_away(hasty_edge: Edge, sent: str) -> None:
    with socket.create_connection(("127.0.0.1", hasty_edge.port), timeout=10) as connection:
        connection.sendall(sent.encode())
        with connection.makefile("rb") as answer:
            assert answer.readline().startswith(b"HTTP/1.1 408")


@pytest.mark.parametrize(
    ("service", "path", "seconds"),
    [("catalog", "/api/v1/products/lamp", 2), ("orders", "/api/v1/orders/order-1", 5)],
)
def test_a_service_knows_its_deadline_which_is_just_after_the_gateway_gives_up(
    client: Client, market: SmallMarket, service: str, path: str, seconds: float
) -> None:
    client.get(path, headers=market.signed_in())
    left = market.inboxes[service].last.seconds_left
    assert left is not None
    assert seconds < left < seconds + 0.4


def test_a_caller_may_have_less_patience_than_the_gateway(channel: grpc.Channel, market: SmallMarket) -> None:
    stub = catalog_pb2_grpc.CatalogServiceStub(channel)
    stub.GetProduct(catalog_pb2.GetProductRequest(id="lamp"), timeout=1)
    left = market.inboxes["catalog"].last.seconds_left
    assert left is not None
    assert left <= 1.1  # gRPC rounds a deadline up when it sends it
