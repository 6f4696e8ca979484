"""Lanes: several worlds, in which trials run side by side; and how much is tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

import pytest

from laptop.ephemeral import create_database, ephemeral_nats, free_port_block
from laptop.ports import BLOCK
from tests.crash import child
from tests.crash.trials import Lane, Lanes
from tests.crash.world import OWNERS, PORTS, SERVICES, World

LANES = 5


@pytest.fixture(scope="session")
def lanes(
    postgres_url: str,
    service_database: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Lanes]:
    """Worlds that know nothing of each other."""
    child.preload(SERVICES)
    assert LANES * PORTS <= BLOCK
    first_port = free_port_block()
    templates = {service: service_database(service).rpartition("/")[2] for service in OWNERS}

    def lane(number: int, *, stack: ExitStack) -> Lane:
        databases = {name: create_database(postgres_url, template=templates[name]) for name in OWNERS}
        nats_url = stack.enter_context(ephemeral_nats())
        folder = tmp_path_factory.mktemp(f"world-{number}-")
        return Lane(World(folder, databases, nats_url, first_port + number * PORTS), stack)

    with ExitStack() as stack:
        yield Lanes(partial(lane, stack=stack), LANES, stack)


def pytest_addoption(parser: pytest.Parser) -> None:
    """What `make test-crash` asks for."""
    parser.addoption(
        "--all-boundaries", action="store_true", help="die at every boundary, not only at a share"
    )


@pytest.fixture
def tries_all(pytestconfig: pytest.Config) -> bool:
    """Whether services shall die at every boundary that is found."""
    return bool(pytestconfig.getoption("--all-boundaries"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says loudly at how many of the boundaries somebody died."""
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, value in report.user_properties:
            if name == "crashes" and report.when == "call":
                terminalreporter.write_line(value)
