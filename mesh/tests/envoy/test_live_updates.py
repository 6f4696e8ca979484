"""Routes, clusters and certificates change under load, and no request fails."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest
from cryptography import x509

from mesh.agent.certificates import LIFETIME, renew
from mesh.tests.small_mesh import SmallMesh, call, under_load, wait_for_more_calls
from tests.support.waiting import wait_until

TO_V2 = "[{route: [{destination: {host: backend, subset: v2}}]}]"


@pytest.fixture
def channel(mesh: SmallMesh) -> Iterator[grpc.Channel]:
    """Open one connection of the frontend to its sidecar."""
    with grpc.insecure_channel(mesh.address("frontend", "backend")) as opened:
        yield opened


def test_new_routes_take_effect_within_five_seconds_and_no_request_fails(
    mesh: SmallMesh, channel: grpc.Channel, routes: Callable[[str], None]
) -> None:
    with under_load(lambda: call(channel)) as outcomes:
        wait_until(lambda: outcomes["ok"] > 50)
        before, started = len(mesh.received["backend-v2"]), time.monotonic()
        routes(TO_V2)
        wait_until(lambda: len(mesh.received["backend-v2"]) > before, timeout=5)
        seconds = time.monotonic() - started
        mesh.apply()
        wait_for_more_calls(outcomes)
    assert set(outcomes) == {"ok"}
    assert seconds < 5


def test_no_request_fails_if_subsets_are_removed_and_added(
    mesh: SmallMesh, channel: grpc.Channel, change: Callable[[str], None]
) -> None:
    head = "metadata: {name: backend, namespace: night-market}, apiVersion: networking.istio.io/v1"
    route = "{hosts: [backend], http: [{route: [{destination: {host: backend}}]}]}"
    without_subsets = (
        f"{{kind: DestinationRule, {head}, spec: {{host: backend}}}}\n---\n"
        f"{{kind: VirtualService, {head}, spec: {route}}}"
    )
    with under_load(lambda: call(channel)) as outcomes:
        for _ in range(5):
            change(without_subsets)
            mesh.apply()
        wait_for_more_calls(outcomes)
    assert set(outcomes) == {"ok"}


def wait_for_certificate(mesh: SmallMesh, before: int) -> None:
    """Wait until the backend's sidecar has loaded certificates more often than before."""
    wait_until(lambda: mesh.counter("backend", "ssl_context_update_by_sds") > before, timeout=5)


def issued_serial_number(mesh: SmallMesh) -> int:
    """Return the serial number of the web service's newest certificate."""
    chain = Path(mesh.platform.certificates) / "web" / "current" / "chain.pem"
    return x509.load_pem_x509_certificate(chain.read_bytes()).serial_number


def presented_serial_number(mesh: SmallMesh) -> int:
    """Return the serial number of the certificate that the web service's sidecar presents."""
    inbound = mesh.platform.workload("web").inbound
    assert inbound is not None
    presented = ssl.get_server_certificate((inbound.host, inbound.port))
    return x509.load_pem_x509_certificate(presented.encode()).serial_number


def test_certificates_are_rotated_under_load_and_no_request_fails(mesh: SmallMesh) -> None:
    folder, identities = Path(mesh.platform.certificates), mesh.platform.identities
    # Each call opens a new connection, so that each one presents certificates.
    with under_load(mesh.call_backend) as grpc_outcomes, under_load(mesh.call_web) as http_outcomes:
        for hours_ago, lifetime in ((3, timedelta(hours=5)), (0, LIFETIME)):
            before = mesh.counter("backend", "ssl_context_update_by_sds")
            now = datetime.now(UTC) - timedelta(hours=hours_ago)
            assert set(renew(folder, identities, now, lifetime)) == set(identities)
            wait_for_certificate(mesh, before)
            wait_for_more_calls(grpc_outcomes)
        assert presented_serial_number(mesh) == issued_serial_number(mesh)
    assert (set(grpc_outcomes), set(http_outcomes)) == ({"ok"}, {"ok"})


def test_a_file_that_envoy_rejects_has_no_effect(mesh: SmallMesh) -> None:
    file = Path(mesh.platform.folder) / "frontend" / "routes-backend.yaml"
    valid = file.read_text()
    rejected = mesh.counter("frontend", "rds.*.update_rejected")
    new = file.with_suffix(".new")
    new.write_text(valid.replace("domains", "domainz"))
    new.replace(file)
    wait_until(lambda: mesh.counter("frontend", "rds.*.update_rejected") > rejected)
    assert mesh.call_backend() == "backend"
    new.write_text(valid)
    new.replace(file)
