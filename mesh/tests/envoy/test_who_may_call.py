"""Who is let in: by certificate first, then by what the policies allow."""

from __future__ import annotations

from collections.abc import Callable

import grpc
import pytest

from mesh.tests.small_mesh import LOOK, SmallMesh, ask
from tests.support.waiting import wait_until


def code(mesh: SmallMesh, **call: str) -> grpc.StatusCode:
    """How a call to the shelf ends."""
    try:
        mesh.take(**call)
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK


def test_who_may_call_is_answered(mesh: SmallMesh) -> None:
    assert mesh.take("shop") == "shelf"


def test_who_may_not_call_is_refused(mesh: SmallMesh) -> None:
    assert code(mesh, caller="thief") is grpc.StatusCode.PERMISSION_DENIED


def test_a_method_that_is_not_named_is_refused(mesh: SmallMesh) -> None:
    assert code(mesh, method=LOOK) is grpc.StatusCode.PERMISSION_DENIED


def test_http_is_refused_by_path_and_by_method_with_a_403(mesh: SmallMesh) -> None:
    answers = [mesh.knock(), mesh.knock("/safe"), mesh.knock(method="POST")]
    assert answers == [200, 403, 403]


def test_a_denial_goes_before_what_is_allowed_and_knows_every_way_to_write_a_path(
    mesh: SmallMesh, change: Callable[[str], None]
) -> None:
    change(
        policy("desk", "rules: [{from: [{source: {principals: [cluster.local/ns/night-market/sa/shop]}}]}]")
        + "---\n"
        + policy("never", "action: DENY, rules: [{to: [{operation: {paths: [/safe*]}}]}]")
    )
    paths = ("/open", "/other", "/safe", "//safe", "/open/../safe/1", "/%73afe", "/safe?open=/open")
    assert [mesh.knock(path) for path in paths] == [200, 200, 403, 403, 403, 403, 403]


def policy(name: str, spec: str) -> str:
    """An AuthorizationPolicy for the desk."""
    selector = "selector: {matchLabels: {app.kubernetes.io/name: desk}}"
    metadata = f"metadata: {{name: {name}, namespace: night-market}}"
    kind = "apiVersion: security.istio.io/v1, kind: AuthorizationPolicy"
    return f"{{{kind}, {metadata}, spec: {{{selector}, {spec}}}}}\n"


def test_what_is_allowed_can_change_while_a_connection_is_open(
    mesh: SmallMesh, change: Callable[[str], None]
) -> None:
    with grpc.insecure_channel(mesh.address("shop", "shelf")) as channel:
        assert ask(channel) == "shelf"
        change(policy("shelf", "rules: []"))
        with pytest.raises(grpc.RpcError, match="PERMISSION_DENIED"):
            ask(channel)


def test_a_refusal_is_in_the_log_and_names_the_caller(mesh: SmallMesh) -> None:
    code(mesh, caller="thief")
    log = mesh.folder / "sidecars" / "shelf" / "server.log"
    assert wait_until(lambda: '"caller":"spiffe://cluster.local/ns/night-market/sa/thief"' in log.read_text())


def test_what_went_well_is_not_in_the_log(mesh: SmallMesh) -> None:
    mesh.knock("/open?well")
    code(mesh, caller="thief")
    mesh.knock("/safe?refused")
    log = mesh.folder / "sidecars" / "desk" / "server.log"
    assert wait_until(lambda: "/safe?refused" in log.read_text())
    assert "/open?well" not in log.read_text()
