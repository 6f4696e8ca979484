"""Sidecars accept each other only with the right certificates."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from laptop.ephemeral import free_port, temporary_folder
from mesh.agent.certificates import open_authority, renew
from mesh.platform import Address, Platform
from mesh.renderer import render
from mesh.renderer.policies import load
from mesh.tests.small_mesh import HOST, POLICIES, SmallMesh, call, running_sidecar

NOW = datetime.now(UTC)


def certificate_of(mesh: SmallMesh, account: str) -> Path:
    """Return the folder with an account's key and certificate."""
    return Path(mesh.platform.certificates) / account / "current"


def ask_web(
    mesh: SmallMesh, certificate: Path | None, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
) -> bytes:
    """Return the response of the web service's sidecar to a caller with this certificate.

    Raises OSError if the sidecar does not accept the connection.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = newest
    if certificate is not None:
        context.load_cert_chain(certificate / "chain.pem", certificate / "key.pem")
    inbound = mesh.platform.workload("web").inbound
    assert inbound is not None
    plain = socket.create_connection((inbound.host, inbound.port), timeout=5)
    with plain, context.wrap_socket(plain) as secure:
        secure.sendall(b"GET /open HTTP/1.1\r\nhost: web\r\nconnection: close\r\n\r\n")
        response = secure.recv(4096)
        if not response:
            raise ConnectionResetError("closed without a response")
        return response


def test_a_caller_with_a_certificate_of_the_mesh_is_accepted(mesh: SmallMesh) -> None:
    assert ask_web(mesh, certificate_of(mesh, "frontend")).startswith(b"HTTP/1.1 200")


def test_a_caller_without_permission_is_accepted_and_denied(mesh: SmallMesh) -> None:
    assert ask_web(mesh, certificate_of(mesh, "intruder")).startswith(b"HTTP/1.1 403")


def test_a_caller_without_a_certificate_is_not_accepted(mesh: SmallMesh) -> None:
    with pytest.raises(OSError):
        ask_web(mesh, None)


def test_a_caller_with_an_older_tls_version_is_not_accepted(mesh: SmallMesh) -> None:
    with pytest.raises(OSError):
        ask_web(mesh, certificate_of(mesh, "frontend"), ssl.TLSVersion.TLSv1_2)


def test_a_caller_in_plaintext_is_not_accepted(mesh: SmallMesh) -> None:
    inbound = mesh.platform.workload("web").inbound
    assert inbound is not None
    with socket.create_connection((inbound.host, inbound.port), timeout=5) as plain:
        plain.sendall(b"GET /open HTTP/1.1\r\nhost: web\r\n\r\n")
        assert not plain.recv(4096).startswith(b"HTTP")


def test_a_certificate_of_another_authority_is_not_accepted(mesh: SmallMesh, tmp_path: Path) -> None:
    folder = tmp_path / "certificates"
    renew(folder, {"frontend": mesh.platform.identity("frontend")})
    with pytest.raises(OSError):
        ask_web(mesh, folder / "frontend" / "current")


def issue(mesh: SmallMesh, folder: Path, identity: str, now: datetime) -> Path:
    """Issue a certificate of the mesh's authority that is valid for one hour from `now`."""
    key = ec.generate_private_key(ec.SECP256R1())
    authority = open_authority(Path(mesh.platform.certificates), now)
    certificate = authority.issue(identity, key, now, timedelta(hours=1))
    (folder / "chain.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return folder


def test_an_expired_certificate_is_not_accepted(mesh: SmallMesh, tmp_path: Path) -> None:
    identity = mesh.platform.identity("frontend")
    assert ask_web(mesh, issue(mesh, tmp_path, identity, NOW)).startswith(b"HTTP/1.1 200")
    with pytest.raises(OSError):
        ask_web(mesh, issue(mesh, tmp_path, identity, NOW - timedelta(hours=2)))


def test_an_identity_of_another_trust_domain_is_not_accepted(mesh: SmallMesh, tmp_path: Path) -> None:
    with pytest.raises(OSError):
        ask_web(mesh, issue(mesh, tmp_path, "spiffe://elsewhere/ns/night-market/sa/frontend", NOW))


@pytest.mark.parametrize("account", ["backend", "web"])
def test_a_callee_is_accepted_only_with_the_identity_that_the_caller_expects(
    mesh: SmallMesh, account: str
) -> None:
    with frontend_that_expects(mesh, account) as address, grpc.insecure_channel(address) as channel:
        if account == "backend":
            assert call(channel) == "backend"
        else:
            with pytest.raises(grpc.RpcError, match="UNAVAILABLE"):
                call(channel)


@contextmanager
def frontend_that_expects(mesh: SmallMesh, account: str) -> Iterator[str]:
    """Run a second frontend that expects this account's identity of the backend. Yields its address for the backend."""
    with temporary_folder("market-mesh-") as folder:
        platform, address = expecting(mesh.platform, folder, account)
        frontend = platform.workloads[0]
        with running_sidecar(platform, frontend, render(load(POLICIES), platform)[frontend.name]):
            yield address


def expecting(platform: Platform, folder: Path, account: str) -> tuple[Platform, str]:
    """Return the platform with a second frontend in the place of the first, and its address for the backend."""
    frontend, *others = platform.workloads
    listeners = {host: Address(HOST, free_port()) for host in frontend.calls}
    admin, metrics, inbound = (Address(HOST, free_port()) for _ in range(3))
    frontend = replace(frontend, calls=listeners, admin=admin, metrics=metrics, inbound=inbound)
    changed = [replace(one, account=account) if one.service == "backend" else one for one in others]
    platform = replace(platform, folder=str(folder), workloads=(frontend, *changed))
    return platform, f"{listeners['backend'].host}:{listeners['backend'].port}"
