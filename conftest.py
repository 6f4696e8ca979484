"""Servers that service tests share: one PostgreSQL and one NATS for the whole run, a fresh database for each asker."""

import logging
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from chassis.postgres import migrate
from laptop.ephemeral import create_database, ephemeral_nats, ephemeral_postgres
from messaging.nats import NatsConnection
from tests.support.servers import OwnServer, connected, own_broker

ROOT = Path(__file__).parent


def pytest_configure() -> None:
    """Lets Ctrl-C interrupt, also for programs that tests start: a shell that runs tests in the background ignores it
    for them."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def logging_of_the_run() -> dict[str, int]:
    """The levels of the loggers that a service sets up for its whole process, before one has done so."""
    return {name: logging.getLogger(name).level for name in ("", "psycopg.pool")}


@pytest.fixture(scope="module", autouse=True)
def logging_as_it_was(logging_of_the_run: dict[str, int]) -> Iterator[None]:
    """In service tests that process is ours: whatever a file has started, the next one finds logging as it was."""
    yield
    for name, level in logging_of_the_run.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The superuser's URL of a PostgreSQL server that is there for this run."""
    with ephemeral_postgres() as url:
        yield url


@pytest.fixture(scope="session")
def nats_url() -> Iterator[str]:
    """The URL of a NATS server with JetStream that is there for this run."""
    with ephemeral_nats() as url:
        yield url


@pytest.fixture(scope="session")
def service_database(postgres_url: str) -> Callable[..., str]:
    """Makes a new database, migrated (and seeded) as the service's own: service_database("catalog") -> its URL."""

    def make(service: str, *, seeded: bool = True) -> str:
        url = create_database(postgres_url)
        folders = [ROOT / "services" / service / "migrations", ROOT / "services" / service / "seed"]
        migrate(url, *(folder for folder in folders[: 2 if seeded else 1] if folder.is_dir()))
        return url

    return make


@pytest.fixture
def older_database(postgres_url: str, tmp_path: Path) -> Callable[[str, str], str]:
    """Makes a new database as an older version of a service left it.

    older_database("orders", "0003_standard_terms") -> its URL, with the migrations before that one applied.
    """

    def make(service: str, before: str) -> str:
        url = create_database(postgres_url)
        for path in (ROOT / "services" / service / "migrations").iterdir():
            if path.stem < before:
                shutil.copy(path, tmp_path)
        migrate(url, tmp_path)
        return url

    return make


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """Finds free TCP ports on loopback."""
    from laptop.ephemeral import free_port

    return free_port


@pytest.fixture
def nats(nats_url: str) -> Iterator[NatsConnection]:
    """A connection to the NATS server of this run."""
    with connected(nats_url) as connection:
        assert connection.wait_until_ready(10)
        yield connection


@pytest.fixture
def broker(tmp_path: Path) -> OwnServer:
    """A NATS server for one test, which does not run yet."""
    return own_broker(tmp_path)


@pytest.fixture
def counted() -> Callable[..., float]:
    """How much a metric has grown since the test began: counted(name, label=value, ...)."""
    before = {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for metric in REGISTRY.collect()
        for sample in metric.samples
    }

    def count(name: str, **labels: str) -> float:
        value = REGISTRY.get_sample_value(name, labels) or 0
        return value - before.get((name, frozenset(labels.items())), 0)

    return count
