"""What the command says to arguments that make no sense."""

import pytest

from tools.chaos.__main__ import main


@pytest.mark.parametrize("minutes", ["0", "-1", "soon", "nan", "inf", "100000", ""])
def test_minutes_that_make_no_sense_are_one_line_and_exit_code_2(minutes, capsys):
    assert main([f"--minutes={minutes}"], {}) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert said.err.startswith("MINUTES must be a number from 0.1 to 1440")


@pytest.mark.parametrize("seed", ["x", "-1", "1.5"])
def test_a_seed_that_is_no_number_is_one_line_and_exit_code_2(seed, capsys):
    assert main([f"--seed={seed}"], {}) == 2
    said = capsys.readouterr()
    assert said.err == f"SEED must be a whole number, not {seed!r}\n"
