from uuid import uuid4

import pytest

from chassis.postgres import Database
from laptop.ephemeral import create_database
from libs.messaging.tests.service.example_service import ExampleService, create_tables


@pytest.fixture
def database_url(postgres_url):
    return create_database(postgres_url)


@pytest.fixture
def database(database_url):
    """Return a database with the tables of the README and the table `effects`."""
    database = Database(database_url)
    database.open()
    create_tables(database)
    yield database
    database.close()


@pytest.fixture
def service_name():
    """Return the name of a service that no other test uses."""
    return f"example-{uuid4().hex[:8]}"


@pytest.fixture
def subject(service_name):
    """Return the subject of the events of that service."""
    return f"market.{service_name}.sold"


@pytest.fixture
def service(service_name, nats, database):
    return ExampleService(service_name, nats, database)
