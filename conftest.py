"""Fixtures for all tests: one PostgreSQL and one NATS server for the whole run, and a new database per request."""

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
from tests.support.collector import Collector, running_collector
from tests.support.nats import connected
from tests.support.servers import RestartableServer, restartable_nats, restartable_postgres

ROOT = Path(__file__).parent


def pytest_configure() -> None:
    """Handle SIGINT here and in programs that tests start, even if a shell runs the tests in the background.

    Such a shell makes its background jobs ignore SIGINT.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def initial_log_levels() -> dict[str, int]:
    """Return the levels of the loggers that a service configures, before the first service starts."""
    return {name: logging.getLogger(name).level for name in ("", "psycopg.pool")}


@pytest.fixture(scope="module", autouse=True)
def restored_log_levels(initial_log_levels: dict[str, int]) -> Iterator[None]:
    """Restore the log levels after each test file, because services run in the test's own process."""
    yield
    for name, level in initial_log_levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Return the superuser's URL of a PostgreSQL server that all tests share."""
    with ephemeral_postgres() as url:
        yield url


@pytest.fixture(scope="session")
def nats_url() -> Iterator[str]:
    """Return the URL of a NATS server with JetStream that all tests share."""
    with ephemeral_nats() as url:
        yield url


@pytest.fixture(scope="session")
def service_database(postgres_url: str) -> Callable[..., str]:
    """Create a migrated and seeded database of a service: service_database("catalog") returns its URL."""

    def make(service: str, *, seeded: bool = True) -> str:
        url = create_database(postgres_url)
        folders = [ROOT / "services" / service / "migrations", ROOT / "services" / service / "seed"]
        migrate(url, *(folder for folder in folders[: 2 if seeded else 1] if folder.is_dir()))
        return url

    return make


@pytest.fixture
def older_database(postgres_url: str, tmp_path: Path) -> Callable[[str, str], str]:
    """Create a database of an older version of a service.

    older_database("orders", "0003_standard_terms") applies the migrations before that one and returns the URL.
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
    """Return a function that finds an unused TCP port on loopback."""
    from laptop.ephemeral import free_port

    return free_port


@pytest.fixture
def nats(nats_url: str) -> Iterator[NatsConnection]:
    """Return a connection to the shared NATS server."""
    with connected(nats_url) as connection:
        assert connection.wait_until_ready(10)
        yield connection


@pytest.fixture(scope="module")
def postgres_server() -> Iterator[RestartableServer]:
    """Return a PostgreSQL server for one test file. It does not run yet."""
    with restartable_postgres() as server:
        yield server


@pytest.fixture
def nats_server(tmp_path: Path) -> RestartableServer:
    """Return a NATS server for one test. It does not run yet."""
    return restartable_nats(tmp_path)


@pytest.fixture
def collector() -> Iterator[Collector]:
    """Return an OpenTelemetry collector for one test."""
    with running_collector() as collector:
        yield collector


@pytest.fixture
def counted() -> Callable[..., float]:
    """Return how much a metric has grown since the test started: counted(name, label=value, ...)."""
    before = {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for metric in REGISTRY.collect()
        for sample in metric.samples
    }

    def count(name: str, **labels: str) -> float:
        value = REGISTRY.get_sample_value(name, labels) or 0
        return value - before.get((name, frozenset(labels.items())), 0)

    return count
