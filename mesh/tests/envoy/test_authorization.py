"""The policies decide which calls are allowed, by the identity in the caller's certificate."""

from __future__ import annotations

from collections.abc import Callable

import grpc
import pytest

from mesh.tests.small_mesh import LIST, SmallMesh, call
from tests.support.waiting import wait_until


def status_of(mesh: SmallMesh, **arguments: str) -> grpc.StatusCode:
    """Return the status of a call to the backend."""
    try:
        mesh.call_backend(**arguments)
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK


def test_an_authorized_caller_is_answered(mesh: SmallMesh) -> None:
    assert mesh.call_backend("frontend") == "backend"


def test_an_unauthorized_caller_is_denied(mesh: SmallMesh) -> None:
    assert status_of(mesh, caller="intruder") is grpc.StatusCode.PERMISSION_DENIED


def test_a_method_that_no_policy_names_is_denied(mesh: SmallMesh) -> None:
    assert status_of(mesh, method=LIST) is grpc.StatusCode.PERMISSION_DENIED


def test_http_requests_are_denied_by_path_and_by_method_with_status_403(mesh: SmallMesh) -> None:
    answers = [mesh.call_web(), mesh.call_web("/private"), mesh.call_web(method="POST")]
    assert answers == [200, 403, 403]


def test_a_denial_takes_precedence_and_applies_to_every_spelling_of_a_path(
    mesh: SmallMesh, change: Callable[[str], None]
) -> None:
    change(
        policy(
            "web", "rules: [{from: [{source: {principals: [cluster.local/ns/night-market/sa/frontend]}}]}]"
        )
        + "---\n"
        + policy("web-deny", "action: DENY, rules: [{to: [{operation: {paths: [/private*]}}]}]")
    )
    allowed = ("/open", "/other")
    denied = ("/private", "//private", "/open/../private/1", "/%70rivate", "/private?open=/open")
    assert [mesh.call_web(path) for path in (*allowed, *denied)] == [200, 200, 403, 403, 403, 403, 403]


def policy(name: str, spec: str) -> str:
    """Return an AuthorizationPolicy for the web service, or for the backend if that is its name."""
    workload = "backend" if name == "backend" else "web"
    selector = f"selector: {{matchLabels: {{app.kubernetes.io/name: {workload}}}}}"
    metadata = f"metadata: {{name: {name}, namespace: night-market}}"
    kind = "apiVersion: security.istio.io/v1, kind: AuthorizationPolicy"
    return f"{{{kind}, {metadata}, spec: {{{selector}, {spec}}}}}\n"


def test_permissions_can_change_while_a_connection_is_open(
    mesh: SmallMesh, change: Callable[[str], None]
) -> None:
    with grpc.insecure_channel(mesh.address("frontend", "backend")) as channel:
        assert call(channel) == "backend"
        change(policy("backend", "rules: []"))
        with pytest.raises(grpc.RpcError, match="PERMISSION_DENIED"):
            call(channel)


def test_the_log_names_the_caller_of_a_denied_request(mesh: SmallMesh) -> None:
    status_of(mesh, caller="intruder")
    log = mesh.folder / "sidecars" / "backend" / "server.log"
    wait_until(lambda: '"caller":"spiffe://cluster.local/ns/night-market/sa/intruder"' in log.read_text())


def test_the_log_does_not_contain_successful_requests(mesh: SmallMesh) -> None:
    mesh.call_web("/open?successful")
    status_of(mesh, caller="intruder")
    mesh.call_web("/private?denied")
    log = mesh.folder / "sidecars" / "web" / "server.log"
    wait_until(lambda: "/private?denied" in log.read_text())
    assert "/open?successful" not in log.read_text()
