"""The state directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from laptop import LaptopError
from laptop.state_dir import StateDir


@pytest.fixture
def state_dir(tmp_path: Path) -> StateDir:
    state_dir = StateDir(tmp_path / "market")
    state_dir.create()
    return state_dir


def test_secrets_stay_the_same_from_start_to_start(state_dir: StateDir) -> None:
    assert state_dir.secrets(["catalog"]) == state_dir.secrets(["catalog"])


def test_a_new_database_gets_its_own_password(state_dir: StateDir) -> None:
    before = state_dir.secrets(["catalog"])
    after = state_dir.secrets(["catalog", "bank"])
    assert after.databases["catalog"] == before.databases["catalog"]
    assert after.databases["bank"] != before.databases["catalog"]


def test_secrets_are_readable_by_their_owner_only(state_dir: StateDir) -> None:
    state_dir.secrets([])
    assert (state_dir.path / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_damaged_secrets_are_reported_in_one_line(state_dir: StateDir) -> None:
    (state_dir.path / "secrets.json").write_text("{")
    with pytest.raises(LaptopError, match="make reset"):
        state_dir.secrets([])


def test_other_users_may_pass_through_the_folder_but_not_list_it(state_dir: StateDir) -> None:
    assert state_dir.path.stat().st_mode & 0o077 == 0o011
    assert {
        folder.stat().st_mode & 0o077
        for folder in (state_dir.run, state_dir.logs, state_dir.mail, state_dir.streams)
    } == {0}


def test_the_folder_of_another_user_is_rejected(state_dir: StateDir, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: state_dir.path.stat().st_uid + 1)
    with pytest.raises(LaptopError, match="belongs to"):
        state_dir.create()


def test_two_commands_cannot_change_the_stack_at_the_same_time(state_dir: StateDir) -> None:
    with state_dir.locked(), pytest.raises(LaptopError, match="Another command"), state_dir.locked():
        pass


@pytest.mark.parametrize("name", ['a "market"', "a ;market", "a #market", "a\nmarket"])
def test_a_path_that_supervisord_misreads_is_rejected(name: str, tmp_path: Path) -> None:
    with pytest.raises(LaptopError, match="must not contain"):
        StateDir(tmp_path / name)
