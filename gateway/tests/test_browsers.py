"""What browsers need: answers for pages of other origins, safe headers, compression, caching."""

from __future__ import annotations

import pytest

from gateway.tests.client import Client, raw
from gateway.tests.edge import Edge
from gateway.tests.http_backends import OWN_POLICY, PAGE
from gateway.tests.small_market import SmallMarket

ELSEWHERE = {"Origin": "https://elsewhere.example"}
EVERYWHERE = [
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
def test_a_page_of_another_origin_may_ask_for_leave(client: Client, path: str) -> None:
    wishes = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,idempotency-key",
    }
    answer = client.options(path, headers={**ELSEWHERE, **wishes})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (204, "*")
    assert "POST" in answer.headers["Access-Control-Allow-Methods"].split(", ")
    allowed = answer.headers["Access-Control-Allow-Headers"].split(", ")
    assert {"authorization", "idempotency-key"} <= set(allowed)


@pytest.mark.parametrize(
    "path", ["/api/v1/products/lamp", "/api/v1/products?nonsense=1", "/api/v1/cart", "/api/v1/nothing"]
)
def test_a_page_of_another_origin_may_read_answers_and_errors(client: Client, path: str) -> None:
    answer = client.get(path, headers=ELSEWHERE)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_page_of_another_origin_may_not_read_the_web_shop(client: Client) -> None:
    for answer in (client.get("/", headers=ELSEWHERE), client.post("/cart", headers=ELSEWHERE)):
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize("path", EVERYWHERE)
def test_every_answer_has_the_headers_that_keep_browsers_safe(client: Client, path: str) -> None:
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", EVERYWHERE)
def test_no_answer_says_which_software_made_it(client: Client, path: str) -> None:
    headers = client.get(path).headers
    assert "Server" not in headers
    assert not [name for name in headers if name.lower().startswith("x-envoy")]


def test_the_web_shop_has_its_own_policy(client: Client) -> None:
    assert client.get("/").headers["Content-Security-Policy"] == OWN_POLICY


def test_nothing_may_run_in_a_picture(client: Client) -> None:
    policy = client.get("/api/v1/products/lamp/image").headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "sandbox" in policy.split("; ")


def test_pictures_may_be_kept_but_errors_may_not(client: Client) -> None:
    assert client.get("/api/v1/products/lamp/image").headers["Cache-Control"] == "public, max-age=3600"
    assert client.get("/api/v1/products/unknown/image").headers["Cache-Control"] == "no-store"


def test_nobody_keeps_what_belongs_to_an_account(client: Client, market: SmallMarket) -> None:
    for path in ("/api/v1/cart", "/api/v1/orders/order-1", "/api/v1/sessions"):
        answer = client.get(path, headers=market.signed_in())
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("accepted", ["gzip", "br", "gzip, deflate, br"])
@pytest.mark.parametrize("path", ["/", "/api/v1/products?pageSize=100", "/api/v1/products/lamp/image"])
def test_what_is_long_and_of_text_is_compressed(edge: Edge, path: str, accepted: str) -> None:
    _, whole = raw(edge, "GET", path)
    _, compressed = raw(edge, "GET", path, headers={"Accept-Encoding": accepted})
    assert len(compressed) < len(whole) / 2


def test_a_compressed_page_is_the_same_page(client: Client) -> None:
    answer = client.get("/", headers={"Accept-Encoding": "gzip"})
    assert (answer.headers["Content-Encoding"], answer.content) == ("gzip", PAGE)


@pytest.mark.parametrize(
    ("path", "accepted"), [("/api/v1/products/lamp", "gzip, br"), ("/", "identity"), ("/", "deflate")]
)
def test_what_is_short_or_not_wanted_so_is_not_compressed(client: Client, path: str, accepted: str) -> None:
    assert "Content-Encoding" not in client.get(path, headers={"Accept-Encoding": accepted}).headers
