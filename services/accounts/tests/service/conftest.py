import psycopg
import pytest

from accounts.__main__ import create_app
from accounts.config import Config
from chassis.lifecycle import Service
from chassis.postgres import add_database


@pytest.fixture(scope="module")
def database_url(service_database):
    return service_database("accounts")


@pytest.fixture(scope="module")
def config(database_url, free_port):
    return Config(database_url=database_url, port=free_port(), admin_port=free_port())


@pytest.fixture(scope="module")
def client(config):
    """A test client of the service's app."""
    service = Service(config)
    app = create_app(config, add_database(service, config.database_url))
    service.start()
    yield app.test_client()
    service.stop()


@pytest.fixture(scope="module")
def tables(database_url):
    """A separate connection, to inspect the tables."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection
