"""What the tests of laptop mode share."""

from __future__ import annotations

from pathlib import Path

import pytest

from laptop.environment import Market
from laptop.home import Home


@pytest.fixture
def market(tmp_path: Path) -> Market:
    """A market that does not run, in a folder whose name is hard to write into configuration files."""
    home = Home(tmp_path / "100% of the market")
    home.create()
    return Market.at(home, 20000)
