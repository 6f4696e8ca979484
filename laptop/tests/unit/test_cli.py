"""What a person at the terminal sees when something goes wrong."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from laptop import closing
from laptop.cli import main
from laptop.errors import LaptopError


@pytest.fixture(autouse=True)
def _signal_handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def failing_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(closing, "down", fail)


def run(folder: Path, **environ: str) -> int:
    return main(["down", "--dir", str(folder)], environ)


def test_a_failure_is_its_own_words_and_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing_with(LaptopError("The stall is shut.", exit_code=3), monkeypatch)
    assert run(tmp_path) == 3
    assert capsys.readouterr().err == "The stall is shut.\n"


def test_an_unexpected_error_shows_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing_with(RuntimeError("out of lanterns"), monkeypatch)
    assert run(tmp_path) == 1
    assert capsys.readouterr().err == "Unexpected RuntimeError: out of lanterns\nMore with: make down V=1\n"


def test_the_traceback_is_there_for_who_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing_with(RuntimeError("out of lanterns"), monkeypatch)
    assert run(tmp_path, V="1") == 1
    assert "Traceback" in capsys.readouterr().err


def test_an_interruption_has_the_exit_code_that_shells_expect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing_with(KeyboardInterrupt(), monkeypatch)
    assert run(tmp_path) == 130


def test_a_port_that_is_no_number_is_one_clear_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["up", "--port", "abc", "--dir", str(tmp_path)], {}) == 2
    assert capsys.readouterr().err == "PORT must be a number, not 'abc'\n"


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--down=perhaps", "DOWN must be 1, not 'perhaps'"),
        ("--slow=much", "SLOW must be a number (seconds, for example 2), not 'much'"),
        ("--flaky=a bit", "FLAKY must be a number (a part of 1, for example 0.3), not 'a bit'"),
    ],
)
def test_an_illness_that_makes_no_sense_is_one_clear_line(
    option: str, words: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["bank", option, "--dir", str(tmp_path)], {}) == 2
    assert capsys.readouterr().err == f"{words}\n"
