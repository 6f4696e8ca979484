"""PostgreSQL: one pool per service; an outage is a quick, clear Unavailable, and ends by itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from chassis.errors import Unavailable
from chassis.lifecycle import Service, Stage

Row = dict[str, Any]
Connection = psycopg.Connection[Row]
_WAIT_SECONDS = 2.0


class Database:
    """Connections in autocommit mode, rows as dicts.

    The server need not be there yet: the pool connects as soon as it can, and until then every use raises
    Unavailable (DATABASE_UNAVAILABLE) after at most two seconds.
    """

    def __init__(self, url: str, max_connections: int = 8) -> None:
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            url,
            min_size=1,
            max_size=max_connections,
            timeout=_WAIT_SECONDS,
            reconnect_timeout=30,
            kwargs={"autocommit": True, "row_factory": dict_row, "connect_timeout": 2},
            open=False,
        )

    def open(self) -> None:
        """Starts connecting in the background."""
        self._pool.open()

    def close(self) -> None:
        """Closes all connections."""
        self._pool.close()

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection in autocommit mode: each statement is its own transaction."""
        try:
            with self._pool.connection() as connection:
                yield connection
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise Unavailable("DATABASE_UNAVAILABLE", "The database does not answer. Try again.") from error

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection in a transaction: committed at the end of the block, rolled back by an exception."""
        with self.connection() as connection, connection.transaction():
            yield connection

    def check(self) -> None:
        """Readiness: raises where the database does not answer or is not migrated yet."""
        with self.connection() as connection:
            if not connection.execute("SELECT to_regclass('_yoyo_migration') AS migrated").fetchone()[
                "migrated"
            ]:
                raise Unavailable(
                    "DATABASE_NOT_MIGRATED", "The database has no tables yet: run chassis.migrate."
                )


def attach(service: Service, url: str) -> Database:
    """A Database that opens, closes and is checked with the service."""
    database = Database(url)
    service.on_start(database.open)
    service.on_stop(Stage.CLOSE, database.close)
    service.readiness.add("database", database.check)
    return database
