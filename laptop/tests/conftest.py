"""What the tests of laptop mode share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from laptop.environment import Market
from laptop.home import Home, Secrets
from laptop.ports import Ports
from laptop.tests.small_market import SmallMarket
from laptop.topology import SERVICES


def pytest_configure(config: pytest.Config) -> None:
    """Registers the marker of the slower tests."""
    config.addinivalue_line("markers", "system: starts real servers; takes seconds")


@pytest.fixture
def market(tmp_path: Path) -> Market:
    """A market that does not run, in a folder whose name is hard to write into configuration files."""
    home = Home(tmp_path / "100% of the market")
    home.create()
    passwords = {service.name: f"{service.name}-password" for service in SERVICES if service.database}
    return Market(home, Ports(20000), Secrets("super", "postgres", "nats", "key", passwords))


@pytest.fixture
def small_market(tmp_path: Path) -> Iterator[SmallMarket]:
    """A market of stand-ins for the services, closed; nothing stays of it."""
    market = SmallMarket(tmp_path / "small market 50%")
    yield market
    market.run("reset", "--yes")


@pytest.fixture
def open_market(small_market: SmallMarket) -> SmallMarket:
    """The same, open."""
    small_market.up()
    return small_market
