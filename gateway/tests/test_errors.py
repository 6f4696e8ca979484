"""The gateway's own errors have the same form as those of the services."""

from __future__ import annotations

import socket

import pytest

from gateway.tests.client import Client, reason
from gateway.tests.edge import Edge
from gateway.tests.fake_upstreams import FakeUpstreams
from gateway.tests.http_rules import METHODS, methods_by_path

ACCOUNTS = {"/api/v1/accounts": {"POST"}, "/api/v1/sessions": {"POST"}}
WRONG_METHODS = [
    pytest.param(method, path, allowed, id=f"{method} {path}")
    for path, allowed in {**methods_by_path(), **ACCOUNTS}.items()
    for method in METHODS
    if method not in allowed
]


@pytest.mark.parametrize(("method", "path", "allowed"), WRONG_METHODS)
def test_a_wrong_method_is_rejected_with_the_allowed_methods(
    client: Client, method: str, path: str, allowed: set[str]
) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, reason(answer)) == (405, "METHOD_NOT_ALLOWED")
    assert set(answer.headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize("path", ["/api/", "/api/v1", "/api/v1/nothing", "/api/v2/products"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_api_path_is_not_found(client: Client, method: str, path: str) -> None:
    answer = client.request(method, path, headers={"Accept": "text/html"})
    assert (answer.status_code, reason(answer)) == (404, "NOT_FOUND")


@pytest.mark.parametrize("path", ["/api/v1/cart/items", "/api/v1/accounts", "/checkout"])
def test_a_body_over_64_kib_is_too_large(client: Client, upstreams: FakeUpstreams, path: str) -> None:
    answer = client.post(path, data=b"x" * (64 * 1024 + 1), headers=upstreams.signed_in())
    assert (answer.status_code, reason(answer)) == (413, "REQUEST_ENTITY_TOO_LARGE")


def test_a_body_of_64_kib_is_not_too_large(client: Client, upstreams: FakeUpstreams) -> None:
    body = b"x" * 64 * 1024
    assert client.post("/checkout", data=body).status_code == 200
    assert upstreams.logs["storefront"].last.body == body


@pytest.mark.parametrize("path", ["/api/v1/products%2flamp", "/static%5c..%5csecret"])
def test_a_path_with_an_escaped_slash_is_rejected(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, reason(answer)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    "path", ["/x/../api/v1/cart", "//api//v1///cart", "/./api/v1/./cart", "/%61pi/v1/cart"]
)
def test_an_unnormalized_path_does_not_bypass_authentication(edge: Edge, path: str) -> None:
    with socket.create_connection(("127.0.0.1", edge.port), timeout=10) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: market\r\nConnection: close\r\n\r\n".encode())
        with connection.makefile("rb") as answer:
            assert answer.readline().startswith((b"HTTP/1.1 401", b"HTTP/1.1 404"))


@pytest.mark.parametrize(
    "headers",
    [{"X-Long": "x" * 20_000}, {f"X-Header-{number}": "x" for number in range(80)}],
    ids=["size", "count"],
)
def test_headers_that_are_too_large_or_too_many_are_rejected(client: Client, headers: dict[str, str]) -> None:
    answer = client.get("/api/v1/products", headers=headers)
    assert (answer.status_code, reason(answer)) == (431, "BAD_REQUEST")


def test_a_browser_gets_an_error_as_a_page(client: Client) -> None:
    answer = client.post("/checkout", data=b"x" * 70_000, headers={"Accept": "text/html,*/*;q=0.8"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (413, "text/html; charset=utf-8")
    assert answer.text.startswith("<!doctype html>")
    assert "(413)" in answer.text


def test_a_request_that_is_not_http_is_rejected(edge: Edge) -> None:
    with socket.create_connection(("127.0.0.1", edge.port), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/9.9\r\nnonsense\r\n\r\n")
        with connection.makefile("rb") as answer:
            assert answer.readline().startswith(b"HTTP/1.1 4")
