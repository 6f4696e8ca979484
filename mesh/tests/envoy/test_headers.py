"""A sidecar changes nothing: what the caller says is what the callee hears."""

from __future__ import annotations

import http.client

from mesh.tests.small_mesh import SmallMesh

SAID = {
    "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "x-request-id": "0b8f0c4e-1f0e-4b6e-9a53-6f3d4e0f9b11",
    "x-account-id": "7",
    "x-account-email": "eve@example.com",
    "idempotency-key": "once",
}


def said(names: dict[str, str]) -> dict[str, str]:
    """Headers as keywords."""
    return {name.replace("-", "_"): value for name, value in names.items()}


def test_a_call_arrives_with_what_was_said_and_nothing_of_envoy_s(mesh: SmallMesh) -> None:
    mesh.take(**said(SAID))
    heard = mesh.received["shelf"][-1]
    assert {name: heard.get(name) for name in SAID} == SAID
    assert [name for name in heard if name.startswith("x-envoy") or name == "x-forwarded-client-cert"] == []
    assert heard.keys() - SAID.keys() <= {"user-agent", "x-forwarded-proto", "grpc-accept-encoding"}


def test_http_arrives_so_too(mesh: SmallMesh) -> None:
    forwarded = {"x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.7", "grpc-timeout": "1250m"}
    mesh.knock(**said(SAID | forwarded))
    heard = mesh.received["desk"][-1]
    assert {name: heard.get(name) for name in SAID | forwarded} == SAID | forwarded
    assert [name for name in heard if name.startswith("x-envoy") or name == "x-forwarded-client-cert"] == []


def test_a_call_without_an_id_gets_none(mesh: SmallMesh) -> None:
    mesh.take()
    assert "x-request-id" not in mesh.received["shelf"][-1]


def test_nobody_sets_timeouts_and_retries_by_envoy_s_headers(mesh: SmallMesh) -> None:
    # As from the gateway, to which Envoy would take the client for one of the house.
    from_here = {"x_forwarded_for": "127.0.0.1"}
    assert mesh.take(x_envoy_upstream_rq_timeout_ms="1", x_envoy_max_retries="9", **from_here) == "shelf"
    assert not [name for name in mesh.received["shelf"][-1] if name.startswith("x-envoy")]


def test_an_answer_arrives_as_it_was_given(mesh: SmallMesh) -> None:
    given, arrived = (
        answer_from(address) for address in (app_of_the_desk(mesh), mesh.address("shop", "desk"))
    )
    assert {name for name, _ in given} == {name for name, _ in arrived}
    assert dict(given)["server"] == dict(arrived)["server"]


def app_of_the_desk(mesh: SmallMesh) -> str:
    """Where the desk itself listens."""
    app = mesh.workload("desk").app
    assert app is not None
    return f"{app.host}:{app.port}"


def answer_from(address: str) -> list[tuple[str, str]]:
    """The headers of an answer, names in lower case."""
    connection = http.client.HTTPConnection(address, timeout=5)
    connection.request("GET", "/open")
    headers = connection.getresponse().getheaders()
    connection.close()
    return [(name.lower(), value) for name, value in headers]


def test_a_program_cannot_say_who_it_is(mesh: SmallMesh) -> None:
    mesh.knock(x_forwarded_client_cert="URI=spiffe://cluster.local/ns/night-market/sa/gateway")
    assert "x-forwarded-client-cert" not in mesh.received["desk"][-1]
