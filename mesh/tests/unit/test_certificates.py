from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from mesh.agent.certificates import LIFETIME, renew

NOW = datetime(2030, 1, 1, tzinfo=UTC)
IDENTITIES = {
    "orders": "spiffe://cluster.local/ns/night-market/sa/orders",
    "cart": "spiffe://cluster.local/ns/x/sa/cart",
}


def certificate(folder: Path, account: str = "orders") -> x509.Certificate:
    """Return the current certificate of an account."""
    return x509.load_pem_x509_certificate((folder / account / "current" / "chain.pem").read_bytes())


def authority(folder: Path) -> x509.Certificate:
    """Return the authority's own certificate."""
    return x509.load_pem_x509_certificate((folder / "authority" / "certificate.pem").read_bytes())


def test_every_account_gets_a_certificate_from_the_authority(tmp_path: Path) -> None:
    assert renew(tmp_path, IDENTITIES, NOW) == ("orders", "cart")
    for account, identity in IDENTITIES.items():
        found = certificate(tmp_path, account)
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        assert names.value.get_values_for_type(x509.UniformResourceIdentifier) == [identity]
        assert names.critical
        found.verify_directly_issued_by(authority(tmp_path))


def test_a_certificate_cannot_sign_others(tmp_path: Path) -> None:
    renew(tmp_path, IDENTITIES, NOW)
    assert not certificate(tmp_path).extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_the_key_matches_the_certificate(tmp_path: Path) -> None:
    renew(tmp_path, IDENTITIES, NOW)
    key = load_pem_private_key((tmp_path / "orders/current/key.pem").read_bytes(), None)
    assert key.public_key() == certificate(tmp_path).public_key()


def test_a_certificate_expires_after_its_lifetime(tmp_path: Path) -> None:
    renew(tmp_path, IDENTITIES, NOW)
    assert certificate(tmp_path).not_valid_after_utc == NOW + LIFETIME


def test_only_the_owner_can_read_keys(tmp_path: Path) -> None:
    folder = tmp_path / "certificates"
    renew(folder, IDENTITIES, NOW)
    keys = list(folder.rglob("key.pem"))
    assert {path.stat().st_mode & 0o777 for path in keys} == {0o600}
    assert {path.parent.stat().st_mode & 0o777 for path in (*keys, folder / "x")} == {0o700}


def test_no_certificate_is_renewed_before_half_of_its_lifetime(tmp_path: Path) -> None:
    renew(tmp_path, IDENTITIES, NOW)
    assert renew(tmp_path, IDENTITIES, NOW + LIFETIME / 2 - timedelta(minutes=2)) == ()


def test_key_and_certificate_are_renewed_after_half_of_the_lifetime(tmp_path: Path) -> None:
    renew(tmp_path, IDENTITIES, NOW)
    before = certificate(tmp_path)
    assert renew(tmp_path, IDENTITIES, NOW + LIFETIME / 2) == ("orders", "cart")
    assert certificate(tmp_path).public_key() != before.public_key()


def test_a_new_account_gets_a_certificate_and_the_others_keep_theirs(tmp_path: Path) -> None:
    renew(tmp_path, {"orders": IDENTITIES["orders"]}, NOW)
    assert renew(tmp_path, IDENTITIES, NOW) == ("cart",)


def test_only_the_previous_certificate_is_kept(tmp_path: Path) -> None:
    for number in range(4):
        renew(tmp_path, IDENTITIES, NOW + number * LIFETIME)
    assert len([path for path in (tmp_path / "orders").iterdir() if not path.is_symlink()]) == 2


def test_a_new_authority_replaces_all_certificates(tmp_path: Path) -> None:
    renew(tmp_path, IDENTITIES, NOW)
    (tmp_path / "authority" / "key.pem").unlink()
    assert renew(tmp_path, IDENTITIES, NOW) == ("orders", "cart")
    certificate(tmp_path).verify_directly_issued_by(authority(tmp_path))


def test_an_invalid_key_is_an_error(tmp_path: Path) -> None:
    renew(tmp_path, IDENTITIES, NOW)
    (tmp_path / "authority" / "key.pem").write_text("not a key")
    with pytest.raises(ValueError):
        renew(tmp_path, IDENTITIES, NOW)
