"""What browsers need: CORS, security headers, compression, caching."""

from __future__ import annotations

import pytest

from gateway.tests.client import Client, raw
from gateway.tests.edge import Edge
from gateway.tests.fake_upstreams import FakeUpstreams
from gateway.tests.http_backends import OWN_POLICY, PAGE

OTHER_ORIGIN = {"Origin": "https://elsewhere.example"}
PATHS = [
    "/healthz",
    "/openapi.json",
    "/api/v1/products/lamp",
    "/api/v1/products/lamp/image",
    "/api/v1/nothing",
    "/api/v1/cart",
    "/.well-known/jwks.json",
    "/",
    "/a%2fb",
]


@pytest.mark.parametrize(
    "path", ["/api/v1/orders", "/api/v1/sessions", "/nightmarket.cart.v1.CartService/GetCart"]
)
def test_a_preflight_request_from_another_origin_is_allowed(client: Client, path: str) -> None:
    preflight = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,idempotency-key",
    }
    answer = client.options(path, headers={**OTHER_ORIGIN, **preflight})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (204, "*")
    assert "POST" in answer.headers["Access-Control-Allow-Methods"].split(", ")
    allowed = answer.headers["Access-Control-Allow-Headers"].split(", ")
    assert {"authorization", "idempotency-key"} <= set(allowed)


@pytest.mark.parametrize(
    "path", ["/api/v1/products/lamp", "/api/v1/products?nonsense=1", "/api/v1/cart", "/api/v1/nothing"]
)
def test_a_page_of_another_origin_may_read_responses_and_errors(client: Client, path: str) -> None:
    answer = client.get(path, headers=OTHER_ORIGIN)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_page_of_another_origin_may_not_read_the_storefront(client: Client) -> None:
    for answer in (client.get("/", headers=OTHER_ORIGIN), client.post("/cart", headers=OTHER_ORIGIN)):
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize("path", PATHS)
def test_every_response_has_the_security_headers(client: Client, path: str) -> None:
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", PATHS)
def test_no_response_reveals_the_server_software(client: Client, path: str) -> None:
    headers = client.get(path).headers
    assert "Server" not in headers
    assert not [name for name in headers if name.lower().startswith("x-envoy")]


def test_the_storefront_has_its_own_content_security_policy(client: Client) -> None:
    assert client.get("/").headers["Content-Security-Policy"] == OWN_POLICY


def test_no_script_may_run_in_an_image(client: Client) -> None:
    policy = client.get("/api/v1/products/lamp/image").headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "sandbox" in policy.split("; ")


def test_images_are_cacheable_but_errors_are_not(client: Client) -> None:
    assert client.get("/api/v1/products/lamp/image").headers["Cache-Control"] == "public, max-age=3600"
    assert client.get("/api/v1/products/unknown/image").headers["Cache-Control"] == "no-store"


def test_responses_for_an_account_are_not_cacheable(client: Client, upstreams: FakeUpstreams) -> None:
    for path in ("/api/v1/cart", "/api/v1/orders/order-1", "/api/v1/sessions"):
        answer = client.get(path, headers=upstreams.signed_in())
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("accepted", ["gzip", "br", "gzip, deflate, br"])
@pytest.mark.parametrize("path", ["/", "/api/v1/products?pageSize=100", "/api/v1/products/lamp/image"])
def test_a_long_text_response_is_compressed(edge: Edge, path: str, accepted: str) -> None:
    _, whole = raw(edge, "GET", path)
    _, compressed = raw(edge, "GET", path, headers={"Accept-Encoding": accepted})
    assert len(compressed) < len(whole) / 2


def test_a_compressed_page_decompresses_to_the_original(client: Client) -> None:
    answer = client.get("/", headers={"Accept-Encoding": "gzip"})
    assert (answer.headers["Content-Encoding"], answer.content) == ("gzip", PAGE)


@pytest.mark.parametrize(
    ("path", "accepted"), [("/api/v1/products/lamp", "gzip, br"), ("/", "identity"), ("/", "deflate")]
)
def test_a_short_or_unaccepted_response_is_not_compressed(client: Client, path: str, accepted: str) -> None:
    assert "Content-Encoding" not in client.get(path, headers={"Accept-Encoding": accepted}).headers
