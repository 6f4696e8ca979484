"""The market's folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from laptop.errors import LaptopError
from laptop.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "market")
    home.create()
    return home


def test_passwords_stay_the_same_from_start_to_start(home: Home) -> None:
    assert home.secrets(["catalog"]) == home.secrets(["catalog"])


def test_a_new_database_gets_a_password_beside_the_old_ones(home: Home) -> None:
    before = home.secrets(["catalog"])
    after = home.secrets(["catalog", "bank"])
    assert after.databases["catalog"] == before.databases["catalog"]
    assert after.databases["bank"] != before.databases["catalog"]


def test_only_we_may_read_the_passwords(home: Home) -> None:
    home.secrets([])
    assert (home.path / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_damaged_passwords_are_told_in_one_line(home: Home) -> None:
    (home.path / "secrets.json").write_text("{")
    with pytest.raises(LaptopError, match="make reset"):
        home.secrets([])


def test_others_may_pass_through_the_folder_but_not_look_into_it(home: Home) -> None:
    assert home.path.stat().st_mode & 0o077 == 0o011
    assert {folder.stat().st_mode & 0o077 for folder in (home.run, home.logs, home.mail, home.streams)} == {0}


def test_the_folder_of_another_account_is_left_alone(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: home.path.stat().st_uid + 1)
    with pytest.raises(LaptopError, match="belongs to"):
        home.create()


def test_two_commands_do_not_change_the_market_at_once(home: Home) -> None:
    with home.locked(), pytest.raises(LaptopError, match="Another command"), home.locked():
        pass


@pytest.mark.parametrize("name", ['a "market"', "a ;market", "a #market", "a\nmarket"])
def test_a_path_that_supervisord_would_misread_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(LaptopError, match="may not have"):
        Home(tmp_path / name)
