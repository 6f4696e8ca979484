"""Without the right certificate, nobody is let in, and nobody is believed."""

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
from mesh.certificates import open_authority, renew
from mesh.policies import load
from mesh.render import render
from mesh.site import Address, Site
from mesh.tests.small_mesh import HOST, POLICIES, SmallMesh, ask, running_sidecar

NOW = datetime.now(UTC)


def certificate_of(mesh: SmallMesh, account: str) -> Path:
    """The folder with an account's key and certificate."""
    return Path(mesh.site.certificates) / account / "current"


def asks_desk(
    mesh: SmallMesh, certificate: Path | None, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
) -> bytes:
    """What the desk's sidecar answers to a caller with this certificate. Raises OSError where it does not talk."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = newest
    if certificate is not None:
        context.load_cert_chain(certificate / "chain.pem", certificate / "key.pem")
    inbound = mesh.workload("desk").inbound
    assert inbound is not None
    plain = socket.create_connection((inbound.host, inbound.port), timeout=5)
    with plain, context.wrap_socket(plain) as secure:
        secure.sendall(b"GET /open HTTP/1.1\r\nhost: desk\r\nconnection: close\r\n\r\n")
        answer = secure.recv(4096)
        if not answer:
            raise ConnectionResetError("closed without an answer")
        return answer


def test_a_caller_with_a_certificate_of_the_mesh_is_let_in(mesh: SmallMesh) -> None:
    assert asks_desk(mesh, certificate_of(mesh, "shop")).startswith(b"HTTP/1.1 200")


def test_an_identity_without_a_policy_is_let_in_and_refused(mesh: SmallMesh) -> None:
    assert asks_desk(mesh, certificate_of(mesh, "thief")).startswith(b"HTTP/1.1 403")


def test_a_caller_without_a_certificate_is_not_let_in(mesh: SmallMesh) -> None:
    with pytest.raises(OSError):
        asks_desk(mesh, None)


def test_a_caller_that_speaks_an_older_tls_is_not_let_in(mesh: SmallMesh) -> None:
    with pytest.raises(OSError):
        asks_desk(mesh, certificate_of(mesh, "shop"), ssl.TLSVersion.TLSv1_2)


def test_a_caller_that_speaks_plaintext_is_not_let_in(mesh: SmallMesh) -> None:
    inbound = mesh.workload("desk").inbound
    assert inbound is not None
    with socket.create_connection((inbound.host, inbound.port), timeout=5) as plain:
        plain.sendall(b"GET /open HTTP/1.1\r\nhost: desk\r\n\r\n")
        assert not plain.recv(4096).startswith(b"HTTP")


def test_a_certificate_of_another_authority_opens_nothing(mesh: SmallMesh, tmp_path: Path) -> None:
    own = tmp_path / "certificates"
    renew(own, {"shop": mesh.site.identity("shop")})
    with pytest.raises(OSError):
        asks_desk(mesh, own / "shop" / "current")


def issued(mesh: SmallMesh, folder: Path, identity: str, now: datetime) -> Path:
    """A certificate of the mesh's authority, made by hand for one hour from `now`."""
    key = ec.generate_private_key(ec.SECP256R1())
    authority = open_authority(Path(mesh.site.certificates), now)
    certificate = authority.issue(identity, key, now, timedelta(hours=1))
    (folder / "chain.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return folder


def test_an_expired_certificate_opens_nothing(mesh: SmallMesh, tmp_path: Path) -> None:
    identity = mesh.site.identity("shop")
    assert asks_desk(mesh, issued(mesh, tmp_path, identity, NOW)).startswith(b"HTTP/1.1 200")
    with pytest.raises(OSError):
        asks_desk(mesh, issued(mesh, tmp_path, identity, NOW - timedelta(hours=2)))


def test_an_identity_of_another_trust_domain_opens_nothing(mesh: SmallMesh, tmp_path: Path) -> None:
    with pytest.raises(OSError):
        asks_desk(mesh, issued(mesh, tmp_path, "spiffe://elsewhere/ns/night-market/sa/shop", NOW))


@pytest.mark.parametrize("account", ["shelf", "desk"])
def test_a_callee_is_believed_with_its_own_identity_alone(mesh: SmallMesh, account: str) -> None:
    with shop_that_expects(mesh, account) as address, grpc.insecure_channel(address) as channel:
        if account == "shelf":
            assert ask(channel) == "shelf"
        else:
            with pytest.raises(grpc.RpcError, match="UNAVAILABLE"):
                ask(channel)


@contextmanager
def shop_that_expects(mesh: SmallMesh, account: str) -> Iterator[str]:
    """A second shop, which expects the shelf's sidecars to have this account's identity; its address for the shelf."""
    with temporary_folder("market-mesh-") as folder:
        site, address = expecting(mesh.site, folder, account)
        shop = site.workloads[0]
        with running_sidecar(site, shop, render(load(POLICIES), site)[shop.name]):
            yield address


def expecting(site: Site, folder: Path, account: str) -> tuple[Site, str]:
    """The site, as a second shop sees it that has been told so."""
    shop, *others = site.workloads
    listeners = {host: Address(HOST, free_port()) for host in shop.calls}
    admin, metrics, inbound = (Address(HOST, free_port()) for _ in range(3))
    shop = replace(shop, calls=listeners, admin=admin, metrics=metrics, inbound=inbound)
    told = [replace(one, account=account) if one.service == "shelf" else one for one in others]
    seen = replace(site, folder=str(folder), workloads=(shop, *told))
    return seen, f"{listeners['shelf'].host}:{listeners['shelf'].port}"
