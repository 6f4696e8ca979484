from contextlib import closing

import psycopg
import pytest

from accounts.__main__ import compose
from accounts.config import Config
from accounts.keyring import Keyring
from chassis.database import Database


@pytest.fixture(scope="module")
def database_url(service_database):
    return service_database("accounts")


@pytest.fixture(scope="module")
def config(database_url, free_port):
    return Config(database_url=database_url, port=free_port(), admin_port=free_port())


@pytest.fixture(scope="module")
def client(config):
    """A client of the running service's app."""
    service, build = compose(config)
    service.start()
    yield build().test_client()
    service.stop()


@pytest.fixture(scope="module")
def tables(database_url):
    """A connection of the tests' own, to look at the tables and to let time pass in them."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def keyring(service_database):
    """A keyring on a database of its own, which has no keys yet."""
    with closing(Database(service_database("accounts"))) as database:
        database.open()
        yield Keyring(database)
