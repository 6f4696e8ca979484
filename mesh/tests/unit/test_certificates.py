"""Certificates: who gets one, for how long, and that nobody else reads its key."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from mesh.certificates import LIFE, renew

NOW = datetime(2030, 1, 1, tzinfo=UTC)
WHO = {
    "orders": "spiffe://cluster.local/ns/night-market/sa/orders",
    "cart": "spiffe://cluster.local/ns/x/sa/cart",
}


def certificate(folder: Path, account: str = "orders") -> x509.Certificate:
    """The current certificate of an account."""
    return x509.load_pem_x509_certificate((folder / account / "current" / "chain.pem").read_bytes())


def authority(folder: Path) -> x509.Certificate:
    """The authority's own."""
    return x509.load_pem_x509_certificate((folder / "authority" / "certificate.pem").read_bytes())


def test_everybody_gets_a_certificate_of_the_authority(tmp_path: Path) -> None:
    assert renew(tmp_path, WHO, NOW) == ("orders", "cart")
    for account, identity in WHO.items():
        found = certificate(tmp_path, account)
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        assert names.value.get_values_for_type(x509.UniformResourceIdentifier) == [identity]
        assert names.critical
        found.verify_directly_issued_by(authority(tmp_path))


def test_a_certificate_cannot_give_others(tmp_path: Path) -> None:
    renew(tmp_path, WHO, NOW)
    assert not certificate(tmp_path).extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_the_key_fits_the_certificate(tmp_path: Path) -> None:
    renew(tmp_path, WHO, NOW)
    key = load_pem_private_key((tmp_path / "orders/current/key.pem").read_bytes(), None)
    assert key.public_key() == certificate(tmp_path).public_key()


def test_a_certificate_lives_for_hours(tmp_path: Path) -> None:
    renew(tmp_path, WHO, NOW)
    assert certificate(tmp_path).not_valid_after_utc == NOW + LIFE


def test_nobody_else_reads_a_key(tmp_path: Path) -> None:
    folder = tmp_path / "certificates"
    renew(folder, WHO, NOW)
    keys = list(folder.rglob("key.pem"))
    assert {path.stat().st_mode & 0o777 for path in keys} == {0o600}
    assert {path.parent.stat().st_mode & 0o777 for path in (*keys, folder / "x")} == {0o700}


def test_before_half_its_life_nothing_is_renewed(tmp_path: Path) -> None:
    renew(tmp_path, WHO, NOW)
    assert renew(tmp_path, WHO, NOW + LIFE / 2 - timedelta(minutes=2)) == ()


def test_after_half_its_life_key_and_certificate_are_new(tmp_path: Path) -> None:
    renew(tmp_path, WHO, NOW)
    before = certificate(tmp_path)
    assert renew(tmp_path, WHO, NOW + LIFE / 2) == ("orders", "cart")
    assert certificate(tmp_path).public_key() != before.public_key()


def test_who_is_new_gets_one_and_the_others_keep_theirs(tmp_path: Path) -> None:
    renew(tmp_path, {"orders": WHO["orders"]}, NOW)
    assert renew(tmp_path, WHO, NOW) == ("cart",)


def test_of_the_old_ones_only_the_last_is_kept(tmp_path: Path) -> None:
    for number in range(4):
        renew(tmp_path, WHO, NOW + number * LIFE)
    assert len([path for path in (tmp_path / "orders").iterdir() if not path.is_symlink()]) == 2


def test_another_authority_means_other_certificates(tmp_path: Path) -> None:
    renew(tmp_path, WHO, NOW)
    (tmp_path / "authority" / "key.pem").unlink()
    assert renew(tmp_path, WHO, NOW) == ("orders", "cart")
    certificate(tmp_path).verify_directly_issued_by(authority(tmp_path))


def test_a_file_that_is_no_key_is_an_error(tmp_path: Path) -> None:
    renew(tmp_path, WHO, NOW)
    (tmp_path / "authority" / "key.pem").write_text("nonsense")
    with pytest.raises(ValueError):
        renew(tmp_path, WHO, NOW)
