"""A sidecar forwards headers unchanged."""

from __future__ import annotations

import http.client

from mesh.tests.small_mesh import SmallMesh

SENT = {
    "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "x-request-id": "0b8f0c4e-1f0e-4b6e-9a53-6f3d4e0f9b11",
    "x-account-id": "7",
    "x-account-email": "eve@example.com",
    "idempotency-key": "once",
}


def as_keywords(headers: dict[str, str]) -> dict[str, str]:
    """Return headers as keyword arguments."""
    return {name.replace("-", "_"): value for name, value in headers.items()}


def added_by_envoy(received: dict[str, str]) -> list[str]:
    """Return the names of headers that only Envoy adds."""
    return [name for name in received if name.startswith("x-envoy") or name == "x-forwarded-client-cert"]


def test_a_grpc_call_arrives_with_the_headers_that_were_sent(mesh: SmallMesh) -> None:
    mesh.call_backend(**as_keywords(SENT))
    received = mesh.received["backend"][-1]
    assert {name: received.get(name) for name in SENT} == SENT
    assert added_by_envoy(received) == []
    assert received.keys() - SENT.keys() <= {"user-agent", "x-forwarded-proto", "grpc-accept-encoding"}


def test_an_http_request_arrives_with_the_headers_that_were_sent(mesh: SmallMesh) -> None:
    sent = SENT | {
        "x-forwarded-proto": "https",
        "x-forwarded-for": "192.0.2.7",
        "grpc-timeout": "1250m",
    }
    mesh.call_web(**as_keywords(sent))
    received = mesh.received["web"][-1]
    assert {name: received.get(name) for name in sent} == sent
    assert added_by_envoy(received) == []


def test_a_call_without_a_request_id_gets_none(mesh: SmallMesh) -> None:
    mesh.call_backend()
    assert "x-request-id" not in mesh.received["backend"][-1]


def test_envoy_s_own_headers_do_not_set_timeouts_and_retries(mesh: SmallMesh) -> None:
    # With this address, which the gateway would forward, Envoy could take the caller for an internal one.
    internal = {"x_forwarded_for": "127.0.0.1"}
    sent = {"x_envoy_upstream_rq_timeout_ms": "1", "x_envoy_max_retries": "9"}
    assert mesh.call_backend(**sent, **internal) == "backend"
    assert not [name for name in mesh.received["backend"][-1] if name.startswith("x-envoy")]


def test_a_response_arrives_with_the_headers_that_the_program_sent(mesh: SmallMesh) -> None:
    app = mesh.platform.workload("web").app
    assert app is not None
    sent = response_headers(f"{app.host}:{app.port}")
    received = response_headers(mesh.address("frontend", "web"))
    assert sent.keys() == received.keys()
    assert sent["server"] == received["server"]


def response_headers(address: str) -> dict[str, str]:
    """Return the headers of a response, names in lower case."""
    connection = http.client.HTTPConnection(address, timeout=5)
    connection.request("GET", "/open")
    headers = connection.getresponse().getheaders()
    connection.close()
    return {name.lower(): value for name, value in headers}


def test_a_program_cannot_claim_another_identity(mesh: SmallMesh) -> None:
    mesh.call_web(x_forwarded_client_cert="URI=spiffe://cluster.local/ns/night-market/sa/gateway")
    assert "x-forwarded-client-cert" not in mesh.received["web"][-1]
