"""Only the gateway sets a caller's identity, and only if the caller has a valid token."""

from __future__ import annotations

import base64
import json

import grpc
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from gateway.tests.client import Client, raw, reason
from gateway.tests.edge import Edge
from gateway.tests.fake_upstreams import FakeUpstreams
from nightmarket.cart.v1 import cart_pb2, cart_pb2_grpc
from nightmarket.catalog.v1 import catalog_pb2, catalog_pb2_grpc
from tests.support.tokens import Key, bearer

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
    """Return which of the forged headers a service received."""
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
    client: Client, upstreams: FakeUpstreams, path: str, service: str
) -> None:
    answer = client.get(path, headers=FORGED)
    assert answer.status_code == 200
    received = dict(upstreams.logs[service].with_request_id(answer.headers["X-Request-Id"]).headers)
    assert "x-account-id" not in received
    assert forged(received) == set()


def test_a_caller_cannot_impersonate_another(client: Client, upstreams: FakeUpstreams) -> None:
    assert client.get("/api/v1/cart", headers={**FORGED, **upstreams.signed_in("me")}).status_code == 200
    received = dict(upstreams.logs["cart"].last.headers)
    assert (received["x-account-id"], received["x-account-email"]) == ("me", "me@example.org")
    assert forged(received) == set()


def test_grpc_metadata_cannot_set_an_identity(channel: grpc.Channel, upstreams: FakeUpstreams) -> None:
    metadata: list[tuple[str, str | bytes]] = [
        (name.lower(), value) for name, value in FORGED.items() if not name.endswith("Bin")
    ]
    metadata += [("x-account-id-bin", b"victim")]
    catalog = catalog_pb2_grpc.CatalogServiceStub(channel)
    catalog.GetProduct(catalog_pb2.GetProductRequest(id="lamp"), metadata=metadata)
    received = dict(upstreams.logs["catalog"].last.headers)
    assert not [name for name in received if name.startswith("x-account")]
    assert forged(received) == set()


def test_a_header_name_with_underscores_is_rejected(edge: Edge) -> None:
    status, _ = raw(edge, "GET", "/", headers={"x_account_id": "victim"})
    assert status == 400


@pytest.mark.parametrize(
    ("name", "value"), [("e.r%u.f7qzh", "1"), ("b`l$", "1"), ("x-bin", "!!!"), ("x", "\xff\xfe")]
)
def test_a_header_that_grpc_does_not_allow_is_removed(client: Client, name: str, value: str) -> None:
    assert client.get("/api/v1/products/lamp", headers={name: value.encode("latin-1")}).status_code == 200


@pytest.mark.parametrize(
    ("name", "value"), [("grpc-timeout", "soon"), ("grpc-timeout", "1n1"), ("grpc-encoding", "runes")]
)
def test_an_invalid_grpc_header_is_rejected(client: Client, name: str, value: str) -> None:
    answer = client.get("/api/v1/products/lamp", headers={name: value})
    assert (answer.status_code, reason(answer)) == (400, "BAD_REQUEST")


def test_an_identity_header_listed_as_hop_by_hop_is_still_set(edge: Edge, upstreams: FakeUpstreams) -> None:
    headers = {**upstreams.signed_in("me"), "Connection": "close, x-account-id"}
    assert raw(edge, "GET", "/api/v1/cart", headers=headers)[0] == 200
    assert upstreams.logs["cart"].last.headers["x-account-id"] == "me"


def test_a_service_gets_no_token(client: Client, upstreams: FakeUpstreams) -> None:
    token = upstreams.key.token()
    client.get("/api/v1/cart", headers={**bearer(token), "Cookie": f"session={token}"})
    client.get("/api/v1/products/lamp", headers={**bearer(token), "Cookie": f"session={token}"})
    for service in ("cart", "catalog"):
        assert {"authorization", "cookie"}.isdisjoint(upstreams.logs[service].last.headers)


def unsigned(key: Key) -> str:
    """Return a token with the algorithm "none" and no signature."""
    header = json.dumps({"alg": "none", "kid": key.kid}).encode()
    return f"{base64.urlsafe_b64encode(header).rstrip(b'=').decode()}.{key.token().split('.')[1]}."


def signed_with_the_public_key(key: Key) -> str:
    """Return a token whose symmetric key is a value from the public JWKS."""
    secret = str(key.public_jwk()["x"])
    claims = jwt.decode(key.token(), options={"verify_signature": False})
    return jwt.encode(claims, secret, algorithm="HS256", headers={"kid": key.kid})


def signed_with_rsa(key: Key) -> str:
    """Return a token that is signed with another algorithm."""
    claims = jwt.decode(key.token(), options={"verify_signature": False})
    private = rsa.generate_private_key(65537, 2048)
    return jwt.encode(claims, private, algorithm="RS256", headers={"kid": key.kid})


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(lambda key: key.token(lifetime=-60), id="expired"),
        pytest.param(lambda key: key.token(nbf=4_000_000_000), id="not valid yet"),
        pytest.param(lambda key: key.token(aud="another-shop"), id="another audience"),
        pytest.param(lambda key: key.token(iss="another-shop"), id="another issuer"),
        pytest.param(lambda key: Key(key.kid).token(), id="a key that is not ours"),
        pytest.param(lambda key: Key("unknown").token(), id="an unknown key"),
        pytest.param(unsigned, id="no signature"),
        pytest.param(signed_with_the_public_key, id="a symmetric signature"),
        pytest.param(signed_with_rsa, id="another algorithm"),
        pytest.param(lambda key: key.token()[:-4] + "AAAA", id="a changed signature"),
        pytest.param(lambda key: "nonsense", id="no token at all"),
    ],
)
def test_an_invalid_token_is_rejected(client: Client, upstreams: FakeUpstreams, token: object) -> None:
    assert callable(token)
    answer = client.get("/api/v1/cart", headers=bearer(token(upstreams.key)))
    assert (answer.status_code, reason(answer)) == (401, "TOKEN_MISSING_OR_INVALID")


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/v1/cart"), ("POST", "/api/v1/orders")])
def test_carts_and_orders_require_a_token(client: Client, method: str, path: str) -> None:
    answer = client.request(method, path, json={} if method == "POST" else None)
    assert (answer.status_code, reason(answer)) == (401, "TOKEN_MISSING_OR_INVALID")


def test_carts_require_a_token_over_grpc(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as error:
        cart_pb2_grpc.CartServiceStub(channel).GetCart(cart_pb2.GetCartRequest())
    assert error.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_the_api_accepts_no_token_in_a_cookie_or_in_the_url(client: Client, upstreams: FakeUpstreams) -> None:
    token = upstreams.key.token()
    assert client.get("/api/v1/cart", headers={"Cookie": f"session={token}"}).status_code == 401
    assert client.get(f"/api/v1/cart?access_token={token}").status_code == 400


def test_a_public_read_needs_no_token_and_ignores_an_invalid_one(client: Client) -> None:
    assert client.get("/api/v1/products/lamp", headers=bearer("nonsense")).status_code == 200


def test_the_storefront_identifies_its_visitor_by_the_cookie(
    client: Client, upstreams: FakeUpstreams
) -> None:
    client.get("/", headers={**FORGED, "Cookie": f"theme=dark; session={upstreams.key.token('me')}"})
    received = upstreams.logs["storefront"].last.headers
    assert (received["x-account-id"], received["x-account-email"]) == ("me", "me@example.org")


def test_a_visitor_without_a_cookie_has_no_cookie_error(client: Client, upstreams: FakeUpstreams) -> None:
    client.get("/", headers={"X-Account-Error": "forged"})
    assert "x-account-error" not in upstreams.logs["storefront"].last.headers


def test_a_visitor_with_an_expired_cookie_is_not_signed_in(client: Client, upstreams: FakeUpstreams) -> None:
    answer = client.get("/", headers={**FORGED, "Cookie": f"session={upstreams.key.token(lifetime=-60)}"})
    assert answer.status_code == 200
    assert "x-account-id" not in upstreams.logs["storefront"].last.headers
