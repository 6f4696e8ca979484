"""Errors of the command line."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from laptop import LaptopError, lifecycle
from laptop.cli import main


@pytest.fixture(autouse=True)
def _signal_handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def failing_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(lifecycle, "down", fail)


def run(folder: Path, **environ: str) -> int:
    return main(["down", "--dir", str(folder)], environ)


def test_an_error_is_printed_with_its_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing_with(LaptopError("The shop is closed.", exit_code=3), monkeypatch)
    assert run(tmp_path) == 3
    assert capsys.readouterr().err == "The shop is closed.\n"


def test_an_unexpected_error_shows_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing_with(RuntimeError("out of memory"), monkeypatch)
    assert run(tmp_path) == 1
    assert (
        capsys.readouterr().err
        == "Unexpected RuntimeError: out of memory\nFor the traceback: make down V=1\n"
    )


def test_the_traceback_is_shown_on_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing_with(RuntimeError("out of memory"), monkeypatch)
    assert run(tmp_path, V="1") == 1
    assert "Traceback" in capsys.readouterr().err


def test_an_interruption_has_the_exit_code_that_shells_expect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing_with(KeyboardInterrupt(), monkeypatch)
    assert run(tmp_path) == 130


def test_a_port_that_is_not_a_number_is_reported_in_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["up", "--port", "abc", "--dir", str(tmp_path)], {}) == 2
    assert capsys.readouterr().err == "PORT must be a number, not 'abc'\n"


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--down=perhaps", "DOWN must be 1, not 'perhaps'"),
        ("--slow=much", "SLOW must be a number (seconds, for example 2), not 'much'"),
        ("--flaky=a bit", "FLAKY must be a number (a share of the calls, for example 0.3), not 'a bit'"),
    ],
)
def test_an_invalid_bank_fault_is_reported_in_one_line(
    option: str, words: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["bank", option, "--dir", str(tmp_path)], {}) == 2
    assert capsys.readouterr().err == f"{words}\n"
