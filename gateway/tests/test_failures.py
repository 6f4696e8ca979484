"""A failing service does not affect others, and calls are retried only if that is safe."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import grpc
import pytest

from gateway.tests import grpc_backends
from gateway.tests.client import Client, reason
from gateway.tests.edge import Documents, Edge, connection_manager, running_edge
from gateway.tests.fake_upstreams import CLOSED_PORT, FakeUpstreams
from laptop.ephemeral import free_port
from nightmarket.catalog.v1 import catalog_pb2, catalog_pb2_grpc
from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
def isolated_edge() -> Iterator[Edge]:
    """Run a gateway whose upstream host names don't resolve."""
    with running_edge({}) as gateway:
        yield gateway


def test_the_gateway_starts_if_no_service_can_be_resolved(isolated_edge: Edge) -> None:
    with Client(isolated_edge) as client:
        assert client.get("/healthz").status_code == 200
        assert client.get("/openapi.json").status_code == 200


@pytest.mark.parametrize("path", ["/", "/api/v1/products/lamp", "/.well-known/jwks.json"])
def test_a_service_that_cannot_be_resolved_is_unavailable(isolated_edge: Edge, path: str) -> None:
    with Client(isolated_edge) as client:
        answer = client.get(path)
    assert (answer.status_code, reason(answer)) == (503, "UPSTREAM_UNAVAILABLE")
    assert int(answer.headers["Retry-After"]) >= 1


def test_a_browser_gets_an_error_page_if_a_service_is_unavailable(isolated_edge: Edge) -> None:
    with Client(isolated_edge) as client:
        answer = client.get("/", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "text/html; charset=utf-8")


def test_a_token_that_cannot_be_validated_is_not_reported_as_invalid(
    isolated_edge: Edge, upstreams: FakeUpstreams
) -> None:
    with Client(isolated_edge) as client:
        answer = client.get("/api/v1/cart", headers=upstreams.signed_in())
    assert (answer.status_code, reason(answer)) == (503, "UPSTREAM_UNAVAILABLE")
    assert answer.json()["details"][0]["metadata"] == {"service": "accounts"}


def test_one_service_that_is_down_does_not_affect_the_others(upstreams: FakeUpstreams) -> None:
    port = free_port()
    with running_edge({**upstreams.ports, "recommendations": port}) as edge, Client(edge) as client:
        answer = client.get("/api/v1/products/lamp/recommendations")
        assert (answer.status_code, reason(answer)) == (503, "UPSTREAM_UNAVAILABLE")
        assert answer.json()["details"][0]["metadata"] == {"service": "recommendations"}
        assert client.get("/api/v1/products/lamp").status_code == 200
        with grpc_backends.running("recommendations", port):
            wait_until(lambda: client.get("/api/v1/products/lamp/recommendations").status_code == 200)


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
def test_a_read_that_fails_once_is_retried(
    client: Client, upstreams: FakeUpstreams, service: str, path: str
) -> None:
    upstreams.logs[service].fail(times=1)
    assert client.get(path, headers=upstreams.signed_in()).status_code == 200
    assert len(upstreams.logs[service].calls) == 2


def test_a_read_is_retried_twice_at_most(client: Client, upstreams: FakeUpstreams) -> None:
    upstreams.logs["catalog"].fail(times=3)
    assert client.get("/api/v1/products/lamp").status_code == 503
    assert len(upstreams.logs["catalog"].calls) == 3


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
def test_a_write_that_reached_a_service_is_never_retried(
    client: Client, upstreams: FakeUpstreams, service: str, method: str, path: str
) -> None:
    upstreams.logs[service].fail(times=1)
    data = b"" if method == "DELETE" else b"{}"
    assert client.request(method, path, data=data, headers=upstreams.signed_in()).status_code == 503
    assert len(upstreams.logs[service].calls) == 1


@pytest.mark.parametrize(
    ("service", "method", "path"),
    [
        ("catalog", "GET", "/api/v1/products/lamp"),
        ("cart", "POST", "/api/v1/cart/items"),
        ("orders", "POST", "/api/v1/orders"),
    ],
)
def test_a_call_that_a_stopping_service_did_not_process_is_retried(
    client: Client, upstreams: FakeUpstreams, service: str, method: str, path: str
) -> None:
    upstreams.logs[service].fail(times=2, code=grpc.StatusCode.CANCELLED)
    assert client.request(method, path, data=b"{}", headers=upstreams.signed_in()).status_code == 200
    assert len(upstreams.logs[service].calls) == 3


def test_a_write_that_reached_no_service_is_retried(upstreams: FakeUpstreams) -> None:
    with running_edge({**upstreams.ports, "orders": CLOSED_PORT}) as edge, Client(edge) as client:
        answer = client.post("/api/v1/orders", json={}, headers=upstreams.signed_in())
        assert (answer.status_code, reason(answer)) == (503, "UPSTREAM_UNAVAILABLE")
        assert edge.counter("cluster.orders.upstream_rq_retry") == 2


def shorten_timeouts(documents: Documents) -> None:
    """Shorten the timeouts from seconds to a fifth of a second."""
    for route in documents["routes.yaml"]["resources"][0]["virtual_hosts"][0]["routes"]:
        if "route" in route:
            route["route"]["timeout"] = "0.2s"
    connection_manager(documents)["request_headers_timeout"] = "0.2s"
    connection_manager(documents)["request_timeout"] = "0.2s"


@pytest.fixture(scope="module")
def impatient_edge(upstreams: FakeUpstreams) -> Iterator[Edge]:
    """Run a gateway with very short timeouts."""
    with running_edge(upstreams.ports, shorten_timeouts) as gateway:
        yield gateway


def test_a_service_that_takes_too_long_times_out(impatient_edge: Edge) -> None:
    with Client(impatient_edge) as client:
        answer = client.get("/api/v1/products/slow")
    assert answer.status_code == 504
    assert reason(answer) == "UPSTREAM_TIMEOUT"


@pytest.mark.parametrize(
    "sent", ["GET / HTTP/1.1\r\nHost: ", "POST / HTTP/1.1\r\nHost: market\r\nContent-Length: 9\r\n\r\nslow"]
)
def test_a_client_that_sends_too_slowly_times_out(impatient_edge: Edge, sent: str) -> None:
    with socket.create_connection(("127.0.0.1", impatient_edge.port), timeout=10) as connection:
        connection.sendall(sent.encode())
        with connection.makefile("rb") as answer:
            assert answer.readline().startswith(b"HTTP/1.1 408")


@pytest.mark.parametrize(
    ("service", "path", "seconds"),
    [("catalog", "/api/v1/products/lamp", 2), ("orders", "/api/v1/orders/order-1", 5)],
)
def test_a_service_gets_a_deadline_just_after_the_timeout_of_the_gateway(
    client: Client, upstreams: FakeUpstreams, service: str, path: str, seconds: float
) -> None:
    client.get(path, headers=upstreams.signed_in())
    left = upstreams.logs[service].last.time_remaining
    assert left is not None
    assert seconds < left < seconds + 0.4


def test_a_client_may_set_a_shorter_timeout_than_the_gateway(
    channel: grpc.Channel, upstreams: FakeUpstreams
) -> None:
    stub = catalog_pb2_grpc.CatalogServiceStub(channel)
    stub.GetProduct(catalog_pb2.GetProductRequest(id="lamp"), timeout=1)
    left = upstreams.logs["catalog"].last.time_remaining
    assert left is not None
    assert left <= 1.1  # gRPC rounds a deadline up when it sends it
