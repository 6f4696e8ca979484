"""The slots in which crash tests run in parallel, and the option that selects all boundaries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

import pytest

from laptop.ephemeral import create_database, ephemeral_nats, free_port_block
from laptop.ports import BLOCK
from tests.crash import worker
from tests.crash.environment import DATABASE_OWNERS, PORTS, SERVICES, Environment
from tests.crash.runs import Slot, Slots

SLOTS = 5


@pytest.fixture(scope="session")
def slots(
    postgres_url: str,
    service_database: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Slots]:
    """Slots, each with its own databases, NATS server and services."""
    worker.preload(SERVICES)
    assert SLOTS * PORTS <= BLOCK
    first_port = free_port_block()
    templates = {service: service_database(service).rpartition("/")[2] for service in DATABASE_OWNERS}

    def slot(number: int, *, stack: ExitStack) -> Slot:
        databases = {
            name: create_database(postgres_url, template=templates[name]) for name in DATABASE_OWNERS
        }
        nats_url = stack.enter_context(ephemeral_nats())
        folder = tmp_path_factory.mktemp(f"environment-{number}-")
        return Slot(Environment(folder, databases, nats_url, first_port + number * PORTS), stack)

    with ExitStack() as stack:
        yield Slots(partial(slot, stack=stack), SLOTS, stack)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that `make test-crash` passes."""
    parser.addoption(
        "--all-boundaries", action="store_true", help="crash at every boundary, not only at a sample"
    )


@pytest.fixture
def all_boundaries(pytestconfig: pytest.Config) -> bool:
    """Whether to crash at every boundary."""
    return bool(pytestconfig.getoption("--all-boundaries"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print at how many of the boundaries a service has crashed."""
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, value in report.user_properties:
            if name == "crashes" and report.when == "call":
                terminalreporter.write_line(value)
