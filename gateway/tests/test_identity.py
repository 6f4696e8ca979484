"""Nobody but the gateway says who calls, and it says so only of those who show a good token."""

from __future__ import annotations

import base64
import json

import grpc
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from gateway.tests.client import Client, raw, reason
from gateway.tests.edge import Edge
from gateway.tests.small_market import SmallMarket
from gateway.tests.tokens import Key, bearer
from nightmarket.cart.v1 import cart_pb2, cart_pb2_grpc
from nightmarket.catalog.v1 import catalog_pb2, catalog_pb2_grpc

FORGED = {
    "X-Account-Id": "victim",
    "X-Account-Email": "victim@example.org",
    "X-Account-Id-Bin": "dmljdGlt",
    "X-Jwt-Payload": "eyJzdWIiOiJ2aWN0aW0ifQ",
    "X-Forwarded-Host": "evil.example",
    "Forwarded": "host=evil.example",
    "X-Envoy-Upstream-Rq-Timeout-Ms": "1",
    "X-Envoy-Retry-On": "5xx",
    "X-Envoy-Internal": "true",
}


def forged(received: dict[str, str]) -> set[str]:
    """Which of the forged headers a service got."""
    return {name for name in received if received[name] in FORGED.values()}


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/api/v1/products/lamp", "catalog"),
        ("/api/v1/products/lamp/stock", "inventory"),
        ("/", "storefront"),
        ("/.well-known/jwks.json", "accounts"),
    ],
)
def test_a_caller_without_a_token_has_no_identity(
    client: Client, market: SmallMarket, path: str, service: str
) -> None:
    answer = client.get(path, headers=FORGED)
    assert answer.status_code == 200
    received = dict(market.inboxes[service].named(answer.headers["X-Request-Id"]).headers)
    assert "x-account-id" not in received
    assert forged(received) == set()


def test_a_caller_cannot_take_the_identity_of_another(client: Client, market: SmallMarket) -> None:
    assert client.get("/api/v1/cart", headers={**FORGED, **market.signed_in("me")}).status_code == 200
    received = dict(market.inboxes["cart"].last.headers)
    assert (received["x-account-id"], received["x-account-email"]) == ("me", "me@example.org")
    assert forged(received) == set()


def test_grpc_metadata_brings_no_identity(channel: grpc.Channel, market: SmallMarket) -> None:
    metadata: list[tuple[str, str | bytes]] = [
        (name.lower(), value) for name, value in FORGED.items() if not name.endswith("Bin")
    ]
    metadata += [("x-account-id-bin", b"victim")]
    catalog = catalog_pb2_grpc.CatalogServiceStub(channel)
    catalog.GetProduct(catalog_pb2.GetProductRequest(id="lamp"), metadata=metadata)
    received = dict(market.inboxes["catalog"].last.headers)
    assert not [name for name in received if name.startswith("x-account")]
    assert forged(received) == set()


def test_a_header_with_underscores_is_refused(edge: Edge) -> None:
    status, _ = raw(edge, "GET", "/", headers={"x_account_id": "victim"})
    assert status == 400


@pytest.mark.parametrize(
    ("name", "value"), [("e.r%u.f7qzh", "1"), ("b`l$", "1"), ("x-bin", "!!!"), ("x", "\xff\xfe")]
)
def test_a_header_that_grpc_does_not_know_does_no_harm(client: Client, name: str, value: str) -> None:
    assert client.get("/api/v1/products/lamp", headers={name: value.encode("latin-1")}).status_code == 200


@pytest.mark.parametrize(
    ("name", "value"), [("grpc-timeout", "soon"), ("grpc-timeout", "1n1"), ("grpc-encoding", "runes")]
)
def test_a_word_of_grpc_that_makes_no_sense_is_refused(client: Client, name: str, value: str) -> None:
    answer = client.get("/api/v1/products/lamp", headers={name: value})
    assert (answer.status_code, reason(answer)) == (400, "BAD_REQUEST")


def test_a_header_named_hop_by_hop_is_still_set(edge: Edge, market: SmallMarket) -> None:
    headers = {**market.signed_in("me"), "Connection": "close, x-account-id"}
    assert raw(edge, "GET", "/api/v1/cart", headers=headers)[0] == 200
    assert market.inboxes["cart"].last.headers["x-account-id"] == "me"


def test_a_service_gets_no_token(client: Client, market: SmallMarket) -> None:
    token = market.key.token()
    client.get("/api/v1/cart", headers={**bearer(token), "Cookie": f"session={token}"})
    client.get("/api/v1/products/lamp", headers={**bearer(token), "Cookie": f"session={token}"})
    for service in ("cart", "catalog"):
        assert {"authorization", "cookie"}.isdisjoint(market.inboxes[service].last.headers)


def unsigned(key: Key) -> str:
    """A token that says of itself that it needs no signature."""
    header = json.dumps({"alg": "none", "kid": key.kid}).encode()
    return f"{base64.urlsafe_b64encode(header).rstrip(b'=').decode()}.{key.token().split('.')[1]}."


def signed_with_the_public_key(key: Key) -> str:
    """A token whose symmetric key is something that everybody may read in the JWKS."""
    secret = str(key.public_jwk()["x"])
    claims = jwt.decode(key.token(), options={"verify_signature": False})
    return jwt.encode(claims, secret, algorithm="HS256", headers={"kid": key.kid})


def signed_with_rsa(key: Key) -> str:
    """A token of a key of another kind."""
    claims = jwt.decode(key.token(), options={"verify_signature": False})
    private = rsa.generate_private_key(65537, 2048)
    return jwt.encode(claims, private, algorithm="RS256", headers={"kid": key.kid})


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(lambda key: key.token(lifetime=-60), id="expired"),
        pytest.param(lambda key: key.token(nbf=4_000_000_000), id="not valid yet"),
        pytest.param(lambda key: key.token(aud="another-market"), id="another audience"),
        pytest.param(lambda key: key.token(iss="another-market"), id="another issuer"),
        pytest.param(lambda key: Key(key.kid).token(), id="a key that is not ours"),
        pytest.param(lambda key: Key("unknown").token(), id="an unknown key"),
        pytest.param(unsigned, id="no signature"),
        pytest.param(signed_with_the_public_key, id="a symmetric signature"),
        pytest.param(signed_with_rsa, id="another algorithm"),
        pytest.param(lambda key: key.token()[:-4] + "AAAA", id="a changed signature"),
        pytest.param(lambda key: "nonsense", id="no token at all"),
    ],
)
def test_a_bad_token_is_refused(client: Client, market: SmallMarket, token: object) -> None:
    assert callable(token)
    answer = client.get("/api/v1/cart", headers=bearer(token(market.key)))
    assert (answer.status_code, reason(answer)) == (401, "TOKEN_MISSING_OR_INVALID")


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/v1/cart"), ("POST", "/api/v1/orders")])
def test_without_a_token_there_is_neither_cart_nor_order(client: Client, method: str, path: str) -> None:
    answer = client.request(method, path, json={} if method == "POST" else None)
    assert (answer.status_code, reason(answer)) == (401, "TOKEN_MISSING_OR_INVALID")


def test_without_a_token_grpc_has_no_cart(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        cart_pb2_grpc.CartServiceStub(channel).GetCart(cart_pb2.GetCartRequest())
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_a_token_in_a_cookie_or_in_the_address_opens_no_api(client: Client, market: SmallMarket) -> None:
    token = market.key.token()
    assert client.get("/api/v1/cart", headers={"Cookie": f"session={token}"}).status_code == 401
    assert client.get(f"/api/v1/cart?access_token={token}").status_code == 400


def test_a_public_read_needs_no_token_and_minds_no_bad_one(client: Client) -> None:
    assert client.get("/api/v1/products/lamp", headers=bearer("nonsense")).status_code == 200


def test_the_web_shop_knows_its_visitor_by_the_cookie(client: Client, market: SmallMarket) -> None:
    client.get("/", headers={**FORGED, "Cookie": f"theme=dark; session={market.key.token('me')}"})
    received = market.inboxes["storefront"].last.headers
    assert (received["x-account-id"], received["x-account-email"]) == ("me", "me@example.org")


def test_a_visitor_without_a_cookie_is_in_no_trouble(client: Client, market: SmallMarket) -> None:
    client.get("/", headers={"X-Account-Trouble": "forged"})
    assert "x-account-trouble" not in market.inboxes["storefront"].last.headers


def test_an_expired_cookie_is_a_visitor_who_has_not_signed_in(client: Client, market: SmallMarket) -> None:
    answer = client.get("/", headers={**FORGED, "Cookie": f"session={market.key.token(lifetime=-60)}"})
    assert answer.status_code == 200
    assert "x-account-id" not in market.inboxes["storefront"].last.headers
