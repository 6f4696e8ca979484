import re
from pathlib import Path
from uuid import uuid4

import pytest

from chassis.postgres import Database
from laptop.ephemeral import create_database


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
def name():
    """The name of a service that no other test has."""
    return f"name-{uuid4().hex[:8]}"
