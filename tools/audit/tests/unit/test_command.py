"""What a person sees who cannot have an audit."""

import pytest

from laptop import closing
from laptop.environment import Market
from laptop.home import Home
from laptop.ports import Ports
from tools.audit.__main__ import main


def test_a_market_that_is_closed_is_exit_code_3(tmp_path, capsys):
    assert main(["--dir", str(tmp_path)], {}) == 3
    assert capsys.readouterr().err == "The market is closed. Open it: make up\n"


def test_the_market_is_the_one_that_market_dir_names(tmp_path, capsys):
    assert main([], {"MARKET_DIR": str(tmp_path)}) == 3


@pytest.mark.parametrize("patience", ["long", "-1", "nan", "inf"])
def test_bad_arguments_are_exit_code_2(patience, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--patience", patience], {})
    assert ended.value.code == 2
    assert "--patience" in capsys.readouterr().err


def test_a_store_that_does_not_answer_is_one_line_and_exit_code_1(tmp_path, free_port, monkeypatch, capsys):
    home = Home(tmp_path)
    silent = Market(home, Ports(free_port() - 10), home.secrets(()))
    monkeypatch.setattr(closing, "required", lambda _: (silent, None))
    assert main(["--dir", str(tmp_path)], {}) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("The database of orders cannot be read")
