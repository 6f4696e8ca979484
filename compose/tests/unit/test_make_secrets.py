"""Secrets are created once, and only their owner can read them."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from compose.make_secrets import configure_compose, create_missing, roles_sql
from topology import SERVICES

OWNERS = [service.name for service in SERVICES if service.database]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that does not exist yet."""
    return tmp_path / "secrets"


def contents(folder: Path) -> dict[str, str]:
    """Return every secret by name."""
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_every_secret_is_different(folder: Path) -> None:
    create_missing(folder)
    found = contents(folder)
    passwords = [text for name, text in found.items() if not name.endswith("_url") and "roles" not in name]
    assert len(set(passwords)) == len(passwords)
    assert {f"{name}_database_url" for name in OWNERS} <= found.keys()


def test_existing_secrets_are_kept(folder: Path) -> None:
    create_missing(folder)
    before = contents(folder)
    assert create_missing(folder) == []
    assert contents(folder) == before


def test_a_missing_secret_is_created(folder: Path) -> None:
    create_missing(folder)
    before = contents(folder)
    (folder / "bank_api_key").unlink()
    assert create_missing(folder) == ["bank_api_key"]
    after = contents(folder)
    assert after.keys() == before.keys()
    assert {name for name in after if after[name] != before[name]} == {"bank_api_key"}


def test_servers_and_services_have_the_same_passwords(folder: Path) -> None:
    create_missing(folder)
    found = contents(folder)
    for name in OWNERS:
        password = found[f"{name}_database_url"].split(":")[2].split("@")[0]
        assert f"ALTER ROLE {name} PASSWORD '{password}';" in found["roles.sql"]
    assert found["nats_url"].split(":")[2].split("@")[0] in found["nats_users"]


def test_the_folder_is_private_and_containers_can_read_the_files(folder: Path) -> None:
    create_missing(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o444}


def test_a_role_cannot_connect_to_the_database_of_another() -> None:
    assert "REVOKE CONNECT, TEMPORARY ON DATABASE orders FROM PUBLIC;" in roles_sql({"orders": "secret"})


def test_the_folder_is_added_to_the_env_file_once_and_the_other_lines_are_kept(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("PORT=9090")
    configure_compose(file)
    configure_compose(file)
    assert file.read_text().splitlines() == ["PORT=9090", "MARKET_SECRETS=./.secrets"]
