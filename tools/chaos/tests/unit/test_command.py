"""Bad arguments of the command."""

import pytest

from tools.chaos.__main__ import main


@pytest.mark.parametrize("minutes", ["0", "-1", "soon", "nan", "inf", "100000", ""])
def test_bad_minutes_are_one_line_and_exit_code_2(minutes, capsys):
    assert main([f"--minutes={minutes}"], {}) == 2
    output = capsys.readouterr()
    assert (output.out, output.err.count("\n")) == ("", 1)
    assert output.err.startswith("MINUTES must be a number from 0.1 to 1440")


@pytest.mark.parametrize("seed", ["x", "-1", "1.5"])
def test_a_bad_seed_is_one_line_and_exit_code_2(seed, capsys):
    assert main([f"--seed={seed}"], {}) == 2
    assert capsys.readouterr().err == f"SEED must be a whole number, not {seed!r}\n"
