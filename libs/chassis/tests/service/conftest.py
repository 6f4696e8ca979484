import re
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY

from chassis.database import Database
from chassis.testing import channel, started
from laptop.postgres import create_database
from libs.chassis.tests.service.echo import Config, Echo, EchoStub
from libs.chassis.tests.service.servers import connected, own_broker


@pytest.fixture
def run_echo(free_port):
    """Runs a tiny gRPC service for the length of a block: run_echo() -> (its servicer, a stub, its address)."""

    @contextmanager
    def run():
        echo, config = Echo(), Config(port=free_port(), admin_port=0)
        address = f"127.0.0.1:{config.port}"
        with started(echo.compose, config), channel(address) as opened:
            yield echo, EchoStub(opened), address

    return run


@pytest.fixture
def counted():
    """How much a metric has grown since the test began: counted(name, label=value, ...)."""
    before = {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for metric in REGISTRY.collect()
        for sample in metric.samples
    }

    def count(name, **labels):
        return (REGISTRY.get_sample_value(name, labels) or 0) - before.get(
            (name, frozenset(labels.items())), 0
        )

    return count


def make_tables(database):
    """Makes the tables of the README, and one to count in."""
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    [sql] = re.findall(r"```sql\n(.*?)```", readme, re.DOTALL)
    with database.connection() as connection:
        for statement in sql.split(";"):
            connection.execute(statement)
        connection.execute("CREATE TABLE effects (name text PRIMARY KEY, times integer NOT NULL)")


@pytest.fixture
def tables(postgres_url):
    """A database with the tables that events need, and `effects`."""
    database = Database(create_database(postgres_url))
    database.open()
    make_tables(database)
    yield database
    database.close()


@pytest.fixture
def bus(nats_url):
    """A connection to the broker that all tests share."""
    with connected(nats_url) as bus:
        assert bus.wait_until_ready(10)
        yield bus


@pytest.fixture
def broker(tmp_path):
    """A broker of the test's own, which does not run yet."""
    return own_broker(tmp_path)


@pytest.fixture
def stall():
    """The name of a service that no other test has."""
    return f"stall-{uuid4().hex[:8]}"
