"""What changes while people call: routes, clusters and certificates, and no request is lost over it."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest
from cryptography import x509

from mesh.certificates import LIFE, renew
from mesh.tests.small_mesh import SmallMesh, ask, has_gone_on, under_load
from tests.support.waiting import wait_until

TO_V2 = "[{route: [{destination: {host: shelf, subset: v2}}]}]"


@pytest.fixture
def channel(mesh: SmallMesh) -> Iterator[grpc.Channel]:
    """One connection of the shop's to its sidecar."""
    with grpc.insecure_channel(mesh.address("shop", "shelf")) as opened:
        yield opened


def test_new_routes_are_used_within_five_seconds_and_no_request_fails(
    mesh: SmallMesh, channel: grpc.Channel, routes: Callable[[str], None]
) -> None:
    with under_load(lambda: ask(channel)) as outcomes:
        assert wait_until(lambda: outcomes["ok"] > 50)
        before, started = len(mesh.received["shelf-v2"]), time.monotonic()
        routes(TO_V2)
        assert wait_until(lambda: len(mesh.received["shelf-v2"]) > before, timeout=5)
        taken = time.monotonic() - started
        mesh.apply()
        has_gone_on(outcomes)
    assert set(outcomes) == {"ok"}
    assert taken < 5


def test_a_subset_that_goes_takes_no_request_with_it(
    mesh: SmallMesh, channel: grpc.Channel, change: Callable[[str], None]
) -> None:
    head = "metadata: {name: shelf, namespace: night-market}, apiVersion: networking.istio.io/v1"
    route = "{hosts: [shelf], http: [{route: [{destination: {host: shelf}}]}]}"
    everywhere = (
        f"{{kind: DestinationRule, {head}, spec: {{host: shelf}}}}\n---\n"
        f"{{kind: VirtualService, {head}, spec: {route}}}"
    )
    with under_load(lambda: ask(channel)) as outcomes:
        for _ in range(5):
            change(everywhere)
            mesh.apply()
        has_gone_on(outcomes)
    assert set(outcomes) == {"ok"}


def has_taken_up(mesh: SmallMesh, before: int) -> None:
    """Waits until the shelf's sidecar has taken up a certificate, once more than before."""
    assert wait_until(lambda: mesh.counter("shelf", "ssl_context_update_by_sds") > before, timeout=5)


def serial_given(mesh: SmallMesh) -> int:
    """The number of the newest certificate of the desk."""
    chain = Path(mesh.site.certificates) / "desk" / "current" / "chain.pem"
    return x509.load_pem_x509_certificate(chain.read_bytes()).serial_number


def serial_in_use(mesh: SmallMesh) -> int:
    """The number of the certificate that the desk's sidecar shows."""
    inbound = mesh.workload("desk").inbound
    assert inbound is not None
    shown = ssl.get_server_certificate((inbound.host, inbound.port))
    return x509.load_pem_x509_certificate(shown.encode()).serial_number


def test_certificates_are_renewed_under_load_and_no_request_fails(mesh: SmallMesh) -> None:
    folder = Path(mesh.site.certificates)
    identities = {name: mesh.site.identity(name) for name in mesh.site.accounts}
    # Not in one connection: each call is a new one, and each shows its certificates.
    with under_load(mesh.take) as outcomes, under_load(mesh.knock) as others:
        for ago, life in ((3, timedelta(hours=5)), (0, LIFE)):
            before = mesh.counter("shelf", "ssl_context_update_by_sds")
            moment = datetime.now(UTC) - timedelta(hours=ago)
            assert set(renew(folder, identities, moment, life)) == set(identities)
            has_taken_up(mesh, before)
            has_gone_on(outcomes)
        assert serial_in_use(mesh) == serial_given(mesh)
    assert (set(outcomes), set(others)) == ({"ok"}, {"ok"})


def test_a_file_that_envoy_refuses_changes_nothing(mesh: SmallMesh) -> None:
    broken = Path(mesh.site.folder) / "shop" / "routes-shelf.yaml"
    whole = broken.read_text()
    refused = mesh.counter("shop", "rds.*.update_rejected")
    new = broken.with_suffix(".new")
    new.write_text(whole.replace("domains", "domainz"))
    new.replace(broken)
    assert wait_until(lambda: mesh.counter("shop", "rds.*.update_rejected") > refused)
    assert mesh.take() == "shelf"
    new.write_text(whole)
    new.replace(broken)
