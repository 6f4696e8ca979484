"""A token that comes as far as a service is checked again there; the keys come through the mesh."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import grpc
import pytest

from gateway.tests.tokens import Key, KeyRing
from mesh.tests.small_mesh import SmallMesh, ask, has_gone_on, under_load
from tests.support.waiting import wait_until

KEY = Key("of the day")
TOKENS = """
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: shelf, namespace: night-market}
spec:
  selector: {matchLabels: {app.kubernetes.io/name: shelf}}
  jwtRules:
  - {issuer: night-market, audiences: [night-market], jwksUri: "http://desk:8000/keys"}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: keys, namespace: night-market}
spec:
  selector: {matchLabels: {app.kubernetes.io/name: desk}}
  rules:
  - from: [{source: {principals: [cluster.local/ns/night-market/sa/shelf]}}]
    to: [{operation: {methods: [GET], paths: [/keys]}}]
"""


@pytest.fixture
def checking(mesh: SmallMesh, change: Callable[[str], None]) -> Iterator[SmallMesh]:
    """The mesh, whose shelf checks tokens and has the keys."""
    mesh.answers["/keys"] = KeyRing([KEY]).jwks()
    change(TOKENS)
    assert wait_until(lambda: outcome(mesh, KEY.token()) is grpc.StatusCode.OK)
    yield mesh


def outcome(mesh: SmallMesh, token: str) -> grpc.StatusCode:
    """How a call with a token ends."""
    try:
        mesh.take(authorization=f"Bearer {token}")
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK


def test_who_was_connected_before_is_checked_too_and_no_request_fails(
    mesh: SmallMesh, change: Callable[[str], None]
) -> None:
    mesh.answers["/keys"] = KeyRing([KEY]).jwks()
    address = mesh.address("shop", "shelf")
    with grpc.insecure_channel(address) as channel, under_load(lambda: ask(channel)) as outcomes:
        has_gone_on(outcomes)
        change(TOKENS)
        assert wait_until(lambda: refuses(channel, "nonsense"))
        has_gone_on(outcomes)
    assert set(outcomes) == {"ok"}


def refuses(channel: grpc.Channel, token: str) -> bool:
    """Whether a token is refused."""
    try:
        ask(channel, authorization=f"Bearer {token}")
    except grpc.RpcError as error:
        return error.code() is grpc.StatusCode.UNAUTHENTICATED
    return False


def test_a_good_token_passes_and_goes_no_further(checking: SmallMesh) -> None:
    assert outcome(checking, KEY.token()) is grpc.StatusCode.OK
    assert "authorization" not in checking.received["shelf"][-1]


def test_without_a_token_a_call_passes(checking: SmallMesh) -> None:
    assert checking.take() == "shelf"


def test_a_token_of_another_key_is_refused(checking: SmallMesh) -> None:
    assert outcome(checking, Key("of the day").token()) is grpc.StatusCode.UNAUTHENTICATED


def test_a_token_that_has_expired_is_refused(checking: SmallMesh) -> None:
    assert outcome(checking, KEY.token(lifetime=-3600)) is grpc.StatusCode.UNAUTHENTICATED


def test_a_token_for_others_is_refused(checking: SmallMesh) -> None:
    assert outcome(checking, KEY.token(aud="elsewhere")) is grpc.StatusCode.PERMISSION_DENIED
