"""Markets to open, close and break."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from laptop.tests.small_market import SmallMarket


@pytest.fixture
def new_market(tmp_path: Path) -> Iterator[SmallMarket]:
    """A market that was never open; nothing stays of it."""
    market = SmallMarket(tmp_path / "small market 50%")
    yield market
    market.run("reset", "--yes")


@pytest.fixture(scope="module")
def _kept_market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallMarket]:
    market = SmallMarket(tmp_path_factory.mktemp("laptop") / "small market")
    yield market
    market.run("reset", "--yes")


@pytest.fixture
def open_market(_kept_market: SmallMarket) -> SmallMarket:
    """A market that is open and whole, however the test before left it."""
    _kept_market.place_stand_ins()
    _kept_market.up()
    return _kept_market


@pytest.fixture
def closed_market(_kept_market: SmallMarket) -> SmallMarket:
    """A market that is closed, however the test before left it."""
    _kept_market.place_stand_ins()
    _kept_market.run("down")
    return _kept_market
