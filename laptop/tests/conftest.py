"""Fixtures that all tests of laptop mode share."""

from __future__ import annotations

from pathlib import Path

import pytest

from laptop.stack import Stack
from laptop.state_dir import StateDir


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """A stack that does not run, in a folder whose name needs escaping in configuration files."""
    state_dir = StateDir(tmp_path / "100% of the market")
    state_dir.create()
    return Stack.at(state_dir, 20000)
