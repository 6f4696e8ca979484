"""Lanes: several worlds, in which trials run side by side."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

import pytest

from laptop.nats import temporary_nats
from laptop.ports import is_taken
from laptop.postgres import create_database
from tests.crash import child
from tests.crash.trials import Lane, Lanes
from tests.crash.world import OWNERS, PORTS, SERVICES, World

LANES = 5


def free_block(length: int) -> int:
    """The first of so many ports that nobody listens on.

    Below those that the system gives to whoever connects: a service that dies shall find its port free again.
    """
    while True:
        first = random.randrange(10_000, 20_000)
        if not any(is_taken(port) for port in range(first, first + length)):
            return first


@pytest.fixture(scope="session")
def lanes(
    postgres_url: str,
    service_database: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Lanes]:
    """Worlds that know nothing of each other."""
    child.preload(SERVICES)
    first_port = free_block(LANES * PORTS)
    templates = {service: service_database(service).rpartition("/")[2] for service in OWNERS}

    def lane(number: int, *, stack: ExitStack) -> Lane:
        databases = {name: create_database(postgres_url, template=templates[name]) for name in OWNERS}
        nats_url = stack.enter_context(temporary_nats())
        folder = tmp_path_factory.mktemp(f"world-{number}-")
        return Lane(World(folder, databases, nats_url, first_port + number * PORTS), stack)

    with ExitStack() as stack:
        yield Lanes(partial(lane, stack=stack), LANES, stack)


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str], pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Prints a line for whoever wants to see more than dots: with V=1, or -s."""

    def told(line: str) -> None:
        if pytestconfig.get_verbosity() > 0:
            with capsys.disabled():
                print(f"\n{line}")
        else:
            print(f"\n{line}")

    return told
