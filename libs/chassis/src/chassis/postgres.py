"""PostgreSQL: one pool per service; an outage is a quick, clear Unavailable, and ends by itself."""

import select
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from chassis import context
from chassis.errors import Unavailable
from chassis.lifecycle import Service, Stage

Row = dict[str, Any]
T = TypeVar("T")
_WAIT_SECONDS = 1.0  # for a free connection: less than any caller waits
_WAIT_SECONDS_IN_OUTAGE = 0.2
_RECONNECT_SECONDS = 2.0
_LONGEST_SILENCE_SECONDS = 6.0  # a second more than any statement may take
_SHORTEST_SILENCE_SECONDS = 1.0  # what was done for a caller who is about to give up is still recorded
_MOST_WAITING = 64  # more than that, and who comes next is sent away at once

# The middle one is what a process finds that was frozen in a transaction; the driver takes it for a bug.
_OUTAGES = (psycopg.OperationalError, psycopg.errors.IdleInTransactionSessionTimeout, PoolTimeout)

_CONNECTION: dict[str, Any] = {
    "autocommit": True,
    "row_factory": dict_row,
    "connect_timeout": 2,
    # A server that is gone without a word is noticed within seconds, not minutes.
    "tcp_user_timeout": 5_000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    # A statement that waits for a lock, and a transaction whose process is frozen, end some time.
    "options": "-c statement_timeout=5s -c idle_in_transaction_session_timeout=10s",
}


class Connection(psycopg.Connection[Row]):
    """A connection that gives up, as with any outage, on a server that says nothing."""

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        left = context.current().time_remaining(_LONGEST_SILENCE_SECONDS)
        return super().wait(gen, interval, timeout or max(left, _SHORTEST_SILENCE_SECONDS))


class Database:
    """Connections in autocommit mode, rows as dicts.

    The server need not be there yet: the pool connects as soon as it can, and until then every use raises
    Unavailable (DATABASE_UNAVAILABLE): within a second, and once the outage is known within a fifth of one.
    """

    def __init__(self, url: str, max_connections: int = 8) -> None:
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            url,
            min_size=1,
            max_size=max_connections,
            max_waiting=_MOST_WAITING,
            # The pauses between attempts double; starting over soon keeps them short.
            reconnect_timeout=_RECONNECT_SECONDS,
            # The pool starts over at a request, but not at one that it sends away; and it counts those that have
            # given up as waiting until a connection comes.
            reconnect_failed=_start_over,
            num_workers=1,
            connection_class=Connection,
            kwargs=_CONNECTION,
            open=False,
        )
        self._answers = True  # until it is known better

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
            connection = self._live_connection()
            try:
                yield connection
            finally:
                self._pool.putconn(connection)
        except _OUTAGES as error:
            self._answers = False
            raise Unavailable("DATABASE_UNAVAILABLE", "The database does not answer. Try again.") from error

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection in a transaction: committed at the end of the block, rolled back by an exception."""
        with self.connection() as connection, connection.transaction():
            yield connection

    def check(self) -> None:
        """Readiness: raises where the database does not answer or is not migrated yet."""
        with self.connection() as connection:
            found = connection.execute("SELECT to_regclass('_yoyo_migration') AS name").fetchone()
        if found is None or found["name"] is None:
            raise Unavailable("DATABASE_NOT_MIGRATED", "The database has no tables yet: run chassis.migrate.")

    def _live_connection(self) -> Connection:
        # The connections of before a restart of the server would each fail one request.
        while not _is_live(connection := self._pool.getconn(self._patience())):
            self._answers = False
            connection.close()
            self._pool.putconn(connection)
        self._answers = True
        return connection

    def _patience(self) -> float:
        return _WAIT_SECONDS if self._answers else _WAIT_SECONDS_IN_OUTAGE


def _start_over(pool: ConnectionPool[Connection]) -> None:
    """Lets a pool that has lost its connections, and given up connecting, try again."""
    pool.check()


def _is_live(connection: Connection) -> bool:
    """Whether the server still holds its end; asks the socket, not the server."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    try:
        while poll.poll(0):
            connection.pgconn.consume_input()
    except psycopg.OperationalError:
        return False
    return True


def add_database(service: Service, url: str) -> Database:
    """A Database that opens, closes and is checked with the service."""
    database = Database(url)
    service.on_start(database.open)
    service.on_stop(Stage.CLOSE, database.close)
    service.readiness.add("database", database.check)
    return database
