"""A sidecar validates the tokens that reach it, with keys that it fetches through the mesh."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import grpc
import pytest

from mesh.tests.small_mesh import SmallMesh, call, under_load, wait_for_more_calls
from tests.support.tokens import Key, KeyRing
from tests.support.waiting import wait_until

KEY = Key("of the day")
TOKENS = """
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: backend, namespace: night-market}
spec:
  selector: {matchLabels: {app.kubernetes.io/name: backend}}
  jwtRules:
  - {issuer: night-market, audiences: [night-market], jwksUri: "http://web:8000/keys"}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: keys, namespace: night-market}
spec:
  selector: {matchLabels: {app.kubernetes.io/name: web}}
  rules:
  - from: [{source: {principals: [cluster.local/ns/night-market/sa/backend]}}]
    to: [{operation: {methods: [GET], paths: [/keys]}}]
"""


@pytest.fixture
def validating(mesh: SmallMesh, change: Callable[[str], None]) -> Iterator[SmallMesh]:
    """Return the mesh after the backend's sidecar has fetched the keys."""
    mesh.answers["/keys"] = KeyRing([KEY]).jwks()
    change(TOKENS)
    wait_until(lambda: status_of(mesh, KEY.token()) is grpc.StatusCode.OK)
    yield mesh


def status_of(mesh: SmallMesh, token: str) -> grpc.StatusCode:
    """Return the status of a call with a token."""
    try:
        mesh.call_backend(authorization=f"Bearer {token}")
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK


def test_validation_applies_to_open_connections_and_no_request_fails(
    mesh: SmallMesh, change: Callable[[str], None]
) -> None:
    mesh.answers["/keys"] = KeyRing([KEY]).jwks()
    address = mesh.address("frontend", "backend")
    with grpc.insecure_channel(address) as channel, under_load(lambda: call(channel)) as outcomes:
        wait_for_more_calls(outcomes)
        change(TOKENS)
        wait_until(lambda: rejects(channel, "invalid"))
        wait_for_more_calls(outcomes)
    assert set(outcomes) == {"ok"}


def rejects(channel: grpc.Channel, token: str) -> bool:
    """Return whether a call with a token fails with UNAUTHENTICATED."""
    try:
        call(channel, authorization=f"Bearer {token}")
    except grpc.RpcError as error:
        return error.code() is grpc.StatusCode.UNAUTHENTICATED
    return False


def test_a_valid_token_passes_and_is_not_forwarded(validating: SmallMesh) -> None:
    assert status_of(validating, KEY.token()) is grpc.StatusCode.OK
    assert "authorization" not in validating.received["backend"][-1]


def test_a_call_without_a_token_passes(validating: SmallMesh) -> None:
    assert validating.call_backend() == "backend"


def test_a_token_with_another_key_is_rejected(validating: SmallMesh) -> None:
    assert status_of(validating, Key("of the day").token()) is grpc.StatusCode.UNAUTHENTICATED


def test_an_expired_token_is_rejected(validating: SmallMesh) -> None:
    assert status_of(validating, KEY.token(lifetime=-3600)) is grpc.StatusCode.UNAUTHENTICATED


def test_a_token_for_another_audience_is_rejected(validating: SmallMesh) -> None:
    assert status_of(validating, KEY.token(aud="elsewhere")) is grpc.StatusCode.PERMISSION_DENIED
