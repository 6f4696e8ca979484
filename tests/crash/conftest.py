"""Lanes: several worlds, in which trials run side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

import pytest

from laptop.nats import temporary_nats
from laptop.postgres import create_database
from tests.crash import child
from tests.crash.trials import Lane, Lanes
from tests.crash.world import OWNERS, SERVICES, World

LANES = 4


@pytest.fixture(scope="session")
def lanes(
    postgres_url: str,
    service_database: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Lanes]:
    """Worlds that know nothing of each other."""
    child.preload(SERVICES)
    templates = {service: service_database(service).rpartition("/")[2] for service in OWNERS}

    def lane(number: int, *, stack: ExitStack) -> Lane:
        databases = {name: create_database(postgres_url, template=templates[name]) for name in OWNERS}
        nats_url = stack.enter_context(temporary_nats())
        folder = tmp_path_factory.mktemp(f"world-{number}-")
        return Lane(World(folder, databases, nats_url), stack)

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
