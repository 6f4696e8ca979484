"""An Envoy that is no sidecar, as the gateway, calls into the mesh with an identity of its own."""

from __future__ import annotations

import grpc
import pytest

from mesh.tests.front_door import running_door
from mesh.tests.small_mesh import LOOK, SmallMesh, ask

DOOR = ("door",)
TO_THE_SHELF = {"x_as": "door", "x_to": "shelf"}


def test_it_is_let_in_by_its_own_identity_and_may_what_that_may(mesh: SmallMesh) -> None:
    with running_door(mesh.site, DOOR) as address, grpc.insecure_channel(address) as channel:
        assert ask(channel, **TO_THE_SHELF) == "shelf"
        with pytest.raises(grpc.RpcError, match="PERMISSION_DENIED"):
            ask(channel, LOOK, **TO_THE_SHELF)


@pytest.mark.parametrize("believed", ["-", "desk"], ids=["in plaintext", "expecting another"])
def test_without_it_nobody_answers(believed: str, mesh: SmallMesh) -> None:
    refused = pytest.raises(grpc.RpcError, match="UNAVAILABLE")
    with (
        running_door(mesh.site, DOOR, believed) as address,
        grpc.insecure_channel(address) as channel,
        refused,
    ):
        ask(channel, **TO_THE_SHELF)
