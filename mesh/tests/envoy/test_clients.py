"""An Envoy that is not a sidecar, such as the gateway, calls services of the mesh with its own identity."""

from __future__ import annotations

import grpc
import pytest

from mesh.tests.client_envoy import PLAINTEXT, running_client
from mesh.tests.small_mesh import LIST, SmallMesh, call

ACCOUNTS = ("edge",)
TO_BACKEND = {"x_caller": "edge", "x_callee": "backend"}


def test_a_client_may_make_exactly_the_calls_that_its_identity_may_make(mesh: SmallMesh) -> None:
    with running_client(mesh.platform, ACCOUNTS) as address, grpc.insecure_channel(address) as channel:
        assert call(channel, **TO_BACKEND) == "backend"
        with pytest.raises(grpc.RpcError, match="PERMISSION_DENIED"):
            call(channel, LIST, **TO_BACKEND)


@pytest.mark.parametrize("expected", [PLAINTEXT, "web"], ids=["plaintext", "another identity expected"])
def test_a_client_without_matching_mutual_tls_gets_no_answer(expected: str, mesh: SmallMesh) -> None:
    fails = pytest.raises(grpc.RpcError, match="UNAVAILABLE")
    with (
        running_client(mesh.platform, ACCOUNTS, expected) as address,
        grpc.insecure_channel(address) as channel,
        fails,
    ):
        call(channel, **TO_BACKEND)
