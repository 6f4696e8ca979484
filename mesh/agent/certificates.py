"""The certificate authority of the mesh. Its certificates are short-lived and are renewed while Envoy uses them.

`<folder>/authority/` contains the authority's certificate and key, which only the owner may read. `<folder>/<account>/`
contains a folder for each certificate and its key, and a symbolic link `current` to the newest one. The link is
replaced atomically, so Envoy never reads a key that does not match its certificate.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = timedelta(hours=12)
_AUTHORITY_LIFETIME = timedelta(days=3650)
_CLOCK_SKEW = timedelta(minutes=1)
_KEPT = 2  # the current certificate, and the previous one, which Envoy may be about to read


@dataclass(frozen=True)
class Authority:
    """A key and certificate that sign other certificates."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def issue(
        self, identity: str, key: ec.EllipticCurvePrivateKey, now: datetime, lifetime: timedelta = LIFETIME
    ) -> x509.Certificate:
        """Return a certificate for a SPIFFE identity, for use by servers and clients."""
        uses = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = (
            _builder(x509.Name([]), self.certificate.subject, key, now, lifetime)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
            # RFC 5280 requires this one to be critical if the subject is empty.
            .add_extension(
                x509.SubjectAlternativeName([x509.UniformResourceIdentifier(identity)]), critical=True
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
            )
        )
        return builder.sign(self.key, hashes.SHA256())


def renew(
    folder: Path, identities: Mapping[str, str], now: datetime | None = None, lifetime: timedelta = LIFETIME
) -> tuple[str, ...]:
    """Issue the certificates that are due, and return the accounts that got one.

    A certificate is due if there is none, if half its lifetime has passed, or if the authority has changed.
    `identities` maps accounts to SPIFFE identities. Call this at the start and then every few minutes, from one process
    at a time. Raises OSError, and ValueError if a file is not a valid key or certificate.
    """
    time = now or datetime.now(UTC)
    authority = open_authority(folder, time)
    due = [account for account in identities if _is_due(folder / account, authority, time)]
    for account in due:
        _issue(folder / account, authority, identities[account], time, lifetime)
    return tuple(due)


def open_authority(folder: Path, now: datetime) -> Authority:
    """Return the authority of a folder. Creates one if there is none."""
    own = folder / "authority"
    if not (own / "key.pem").exists():
        _make_private(folder)
        _make_private(own)
        authority = _create_authority(now)
        # The key is written last: if this is interrupted before that, the next call starts again.
        _write(own / "certificate.pem", authority.certificate.public_bytes(Encoding.PEM))
        _write(own / "key.pem", _private_bytes(authority.key))
    key = load_pem_private_key((own / "key.pem").read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{own / 'key.pem'} is not an elliptic-curve key")
    return Authority(key, x509.load_pem_x509_certificate((own / "certificate.pem").read_bytes()))


def _create_authority(now: datetime) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Night Market mesh")])
    builder = (
        _builder(name, name, key, now, _AUTHORITY_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return Authority(key, builder.sign(key, hashes.SHA256()))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, lifetime: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + lifetime)
    )


def _key_usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _is_due(folder: Path, authority: Authority, now: datetime) -> bool:
    chain = folder / "current" / "chain.pem"
    if not chain.exists():
        return True
    current = x509.load_pem_x509_certificate(chain.read_bytes())
    half = (current.not_valid_after_utc - current.not_valid_before_utc) / 2
    trusted = (folder / "current" / "authorities.pem").read_bytes()
    is_trusted = trusted == authority.certificate.public_bytes(Encoding.PEM)
    return not is_trusted or now >= current.not_valid_before_utc + half


def _issue(folder: Path, authority: Authority, identity: str, now: datetime, lifetime: timedelta) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = authority.issue(identity, key, now, lifetime)
    _make_private(folder)
    # The name is unique, and names sort by time.
    new = folder / f"{now:%Y%m%dT%H%M%S}-{certificate.serial_number:x}"
    new.mkdir(mode=0o700)
    _write(new / "key.pem", _private_bytes(key))
    _write(new / "chain.pem", certificate.public_bytes(Encoding.PEM))
    _write(new / "authorities.pem", authority.certificate.public_bytes(Encoding.PEM))
    _link(folder / "current", new.name)
    _delete_old(folder)


def _link(link: Path, target: str) -> None:
    new = link.with_name("next")
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    new.replace(link)


def _delete_old(folder: Path) -> None:
    issued = sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink())
    for old in issued[:-_KEPT]:
        shutil.rmtree(old)


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)


def _private_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, atomically."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
