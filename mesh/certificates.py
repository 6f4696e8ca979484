"""The mesh's own authority, and the certificates that it gives: short-lived, renewed while Envoy uses them.

`<folder>/authority/` holds the authority's key (which nobody else may read) and certificate; `<folder>/<account>/` a
folder for each certificate with its key, and the link `current` to the newest. Moving that link is one step, so Envoy
never reads a key that does not fit a certificate.
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

LIFE = timedelta(hours=12)
_AUTHORITY_LIFE = timedelta(days=3650)
_CLOCKS_DIFFER = timedelta(minutes=1)
_KEPT = 2  # the current certificate, and the one before: Envoy may be about to read it


@dataclass(frozen=True)
class Authority:
    """Who signs."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def issue(
        self, identity: str, key: ec.EllipticCurvePrivateKey, now: datetime, life: timedelta = LIFE
    ) -> x509.Certificate:
        """A certificate for a SPIFFE identity, for servers and clients alike."""
        uses = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = (
            _builder(x509.Name([]), self.certificate.subject, key, now, life)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
            # Critical, since there is no other name.
            .add_extension(
                x509.SubjectAlternativeName([x509.UniformResourceIdentifier(identity)]), critical=True
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
            )
        )
        return builder.sign(self.key, hashes.SHA256())


def renew(
    folder: Path, identities: Mapping[str, str], now: datetime | None = None, life: timedelta = LIFE
) -> tuple[str, ...]:
    """Gives a certificate to each account that has none, or one that has lived half its life; names those accounts.

    `identities` are SPIFFE identities by account, as `Site.identity` says. To be called every few minutes, and at the
    start; calling it again changes nothing. Two may not do so at once. Raises OSError, and ValueError for files that
    are none of ours.
    """
    moment = now or datetime.now(UTC)
    authority = open_authority(folder, moment)
    due = [account for account in identities if _is_due(folder / account, authority, moment)]
    for account in due:
        _give(folder / account, authority, identities[account], moment, life)
    return tuple(due)


def open_authority(folder: Path, now: datetime) -> Authority:
    """The authority of a folder, made where there is none."""
    home = folder / "authority"
    if not (home / "key.pem").exists():
        _make_private(folder)
        _make_private(home)
        made = new_authority(now)
        # The key last: without it, all is made anew.
        _write(home / "certificate.pem", made.certificate.public_bytes(Encoding.PEM))
        _write(home / "key.pem", _private_bytes(made.key))
    key = load_pem_private_key((home / "key.pem").read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{home / 'key.pem'} is not of this authority")
    return Authority(key, x509.load_pem_x509_certificate((home / "certificate.pem").read_bytes()))


def new_authority(now: datetime) -> Authority:
    """An authority that nobody believes yet."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Night Market mesh")])
    builder = (
        _builder(name, name, key, now, _AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return Authority(key, builder.sign(key, hashes.SHA256()))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCKS_DIFFER)
        .not_valid_after(now + life)
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
    found = x509.load_pem_x509_certificate(chain.read_bytes())
    middle = found.not_valid_before_utc + (found.not_valid_after_utc - found.not_valid_before_utc) / 2
    believed = (folder / "current" / "authorities.pem").read_bytes()
    return now >= middle or believed != authority.certificate.public_bytes(Encoding.PEM)


def _give(folder: Path, authority: Authority, identity: str, now: datetime, life: timedelta) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = authority.issue(identity, key, now, life)
    _make_private(folder)
    # In the order of time, and never one name twice.
    home = folder / f"{now:%Y%m%dT%H%M%S}-{certificate.serial_number:x}"
    home.mkdir(mode=0o700)
    _write(home / "key.pem", _private_bytes(key))
    _write(home / "chain.pem", certificate.public_bytes(Encoding.PEM))
    _write(home / "authorities.pem", authority.certificate.public_bytes(Encoding.PEM))
    _point(folder / "current", home.name)
    _clear(folder)


def _point(link: Path, target: str) -> None:
    new = link.with_name("next")
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    new.replace(link)


def _clear(folder: Path) -> None:
    given = sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink())
    for old in given[:-_KEPT]:
        shutil.rmtree(old)


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)


def _private_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, content: bytes) -> None:
    """Puts a file there that only its owner may read, the whole of it or nothing."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
