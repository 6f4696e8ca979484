"""Secrets are made once, and nobody else on the machine reads them."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from compose.make_secrets import make, roles, tell_compose
from topology import SERVICES

OWNERS = [service.name for service in SERVICES if service.database]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where nothing was made yet."""
    return tmp_path / "secrets"


def contents(folder: Path) -> dict[str, str]:
    """Every secret by its name."""
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_every_secret_is_another_one(folder: Path) -> None:
    make(folder)
    found = contents(folder)
    passwords = [text for name, text in found.items() if not name.endswith("_url") and "roles" not in name]
    assert len(set(passwords)) == len(passwords)
    assert {f"{name}_database_url" for name in OWNERS} <= found.keys()


def test_what_is_there_stays(folder: Path) -> None:
    make(folder)
    before = contents(folder)
    assert make(folder) == []
    assert contents(folder) == before


def test_what_is_missing_is_made(folder: Path) -> None:
    make(folder)
    before = contents(folder)
    (folder / "bank_api_key").unlink()
    assert make(folder) == ["bank_api_key"]
    after = contents(folder)
    assert after.keys() == before.keys()
    assert {name for name in after if after[name] != before[name]} == {"bank_api_key"}


def test_the_servers_know_the_passwords_that_the_services_have(folder: Path) -> None:
    make(folder)
    found = contents(folder)
    for name in OWNERS:
        password = found[f"{name}_database_url"].split(":")[2].split("@")[0]
        assert f"ALTER ROLE {name} PASSWORD '{password}';" in found["roles.sql"]
    assert found["nats_url"].split(":")[2].split("@")[0] in found["nats_users"]


def test_only_the_owner_enters_the_folder_and_containers_read_the_files(folder: Path) -> None:
    make(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o444}


def test_no_role_enters_the_database_of_another() -> None:
    assert "REVOKE CONNECT, TEMPORARY ON DATABASE orders FROM PUBLIC;" in roles({"orders": "secret"})


def test_compose_is_told_once_and_the_rest_of_its_file_stays(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("PORT=9090")
    tell_compose(file)
    tell_compose(file)
    assert file.read_text().splitlines() == ["PORT=9090", "MARKET_SECRETS=./.secrets"]
