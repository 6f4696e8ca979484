"""Lanes: several worlds, in which trials run side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from laptop.nats import temporary_nats
from laptop.postgres import create_database
from tests.crash import child
from tests.crash.trials import Lane
from tests.crash.world import SERVICES, WITHOUT_DATABASE, World

ROOT = Path(__file__).parents[2]
LANES = 4


@pytest.fixture(scope="session")
def lanes(
    postgres_url: str,
    service_database: Callable[[str], str],
    free_port: Callable[[], int],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[list[Lane]]:
    """Worlds that know nothing of each other."""
    child.preload(list(SERVICES))
    owners = [service for service in SERVICES if service not in WITHOUT_DATABASE]
    templates = {service: service_database(service).rpartition("/")[2] for service in owners}
    with ExitStack() as stack:

        def lane(number: int) -> Lane:
            databases = {name: create_database(postgres_url, template=templates[name]) for name in owners}
            nats_url = stack.enter_context(temporary_nats())
            folder = tmp_path_factory.mktemp(f"world-{number}-")
            return Lane(World(folder, databases, nats_url, free_port), stack)

        with ThreadPoolExecutor(LANES) as pool:
            yield list(pool.map(lane, range(LANES)))
