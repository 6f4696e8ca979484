"""PostgreSQL: one connection pool per service, and migrations. An outage is a quick Unavailable, and ends by itself.

Usage: DATABASE_URL=postgresql://... python -m chassis.postgres migrate FOLDER [FOLDER ...] [--then MODULE]

yoyo applies the .sql (or .py) files of all folders together, for example a service's migrations and its seed, each
once, in the order of their names. With --then, the process becomes `python -m MODULE`: a container migrates its
database and then serves.
"""

import argparse
import logging
import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from chassis import context
from chassis.config import ServiceConfig, load
from chassis.errors import Unavailable
from chassis.lifecycle import Service, Stage

Row = dict[str, Any]
T = TypeVar("T")
_WAIT_SECONDS = 1.0  # for a free connection; less than any caller waits
_WAIT_SECONDS_IN_OUTAGE = 0.2
_RECONNECT_SECONDS = 2.0
_MAX_SILENCE_SECONDS = 6.0  # a second more than any statement may take
_MIN_SILENCE_SECONDS = 1.0  # what was done for a caller whose deadline is near is still recorded
_MAX_WAITING = 64  # if more requests wait for a connection, reject further ones at once
_MIGRATION_LOCK = 6_147_290_153  # an arbitrary number that nothing else locks

# A process that was frozen in a transaction gets the second one; the driver takes it for a bug.
_OUTAGES = (psycopg.OperationalError, psycopg.errors.IdleInTransactionSessionTimeout, PoolTimeout)

_CONNECTION: dict[str, Any] = {
    "autocommit": True,
    "row_factory": dict_row,
    "connect_timeout": 2,
    # Notice a dead server within seconds, not minutes.
    "tcp_user_timeout": 5_000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    # End a statement that waits for a lock, and the transaction of a frozen process.
    "options": "-c statement_timeout=5s -c idle_in_transaction_session_timeout=10s",
}


class Connection(psycopg.Connection[Row]):
    """A connection that treats a server that does not answer as an outage."""

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        remaining = context.current().time_remaining(_MAX_SILENCE_SECONDS)
        return super().wait(gen, interval, timeout or max(remaining, _MIN_SILENCE_SECONDS))


class Database:
    """Connections in autocommit mode, rows as dicts.

    The server need not run yet: the pool connects as soon as it can. Until then every use raises Unavailable
    (DATABASE_UNAVAILABLE) within a second, and within 0.2 s once the outage is known.
    """

    def __init__(self, url: str, max_connections: int = 8) -> None:
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            url,
            min_size=1,
            max_size=max_connections,
            max_waiting=_MAX_WAITING,
            # The pauses between attempts double; a new series of attempts, started soon, keeps them short.
            reconnect_timeout=_RECONNECT_SECONDS,
            # The pool starts a new series at a request, but not at one that it rejects; and it counts requests that
            # have given up as waiting until a connection comes.
            reconnect_failed=ConnectionPool.check,
            num_workers=1,
            connection_class=Connection,
            kwargs=_CONNECTION,
            open=False,
        )
        self._outage = False

    def open(self) -> None:
        """Start to connect in the background."""
        self._pool.open()

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection in autocommit mode: each statement is a transaction."""
        try:
            connection = self._live_connection()
            try:
                yield connection
            finally:
                self._pool.putconn(connection)
        except _OUTAGES as error:
            self._outage = True
            raise Unavailable("DATABASE_UNAVAILABLE", "The database does not answer. Try again.") from error

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection in a transaction: committed at the end of the block, rolled back by an exception."""
        with self.connection() as connection, connection.transaction():
            yield connection

    def check(self) -> None:
        """Raise Unavailable if the database does not answer or is not migrated yet."""
        with self.connection() as connection:
            found = connection.execute("SELECT to_regclass('_yoyo_migration') AS name").fetchone()
        if found is None or found["name"] is None:
            raise Unavailable("DATABASE_NOT_MIGRATED", "The database has no tables yet: migrate it.")

    def _live_connection(self) -> Connection:
        # After a restart of the server, each of the pool's old connections would fail one request.
        timeout = _WAIT_SECONDS_IN_OUTAGE if self._outage else _WAIT_SECONDS
        while not _is_live(connection := self._pool.getconn(timeout)):
            timeout = _WAIT_SECONDS_IN_OUTAGE
            connection.close()
            self._pool.putconn(connection)
        self._outage = False
        return connection


def _is_live(connection: Connection) -> bool:
    """Return whether the server still holds its end; asks the socket, not the server."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    try:
        while poll.poll(0):
            connection.pgconn.consume_input()
    except psycopg.OperationalError:
        return False
    return True


def add_database(service: Service, url: str) -> Database:
    """Add a Database that opens and closes with the service, and is one of its readiness checks."""
    database = Database(url)
    service.on_start(database.open)
    service.on_stop(Stage.CLOSE, database.close)
    service.readiness.add("database", database.check)
    return database


def migrate(database_url: str, *folders: Path) -> int:
    """Apply the migrations that are missing and return their number. Several processes may do this at once.

    Raises the database's own error if a migration fails; the migrations before it stay applied.
    """
    from yoyo import get_backend, read_migrations

    logging.getLogger("yoyo.migrations").setLevel(logging.WARNING)
    # yoyo's own lock is a row, which a killed process leaves behind; this lock ends with its connection.
    with psycopg.connect(database_url, autocommit=True) as guard:
        guard.execute("SELECT pg_advisory_lock(%s)", (_MIGRATION_LOCK,))
        backend = get_backend(database_url.replace("postgresql://", "postgresql+psycopg://", 1))
        try:
            missing = backend.to_apply(read_migrations(*(str(folder) for folder in folders)))
            for migration in missing:
                # One transaction, so that a migration whose process is killed leaves nothing behind. (yoyo itself
                # records it afterwards, on another connection: killed in between, it would be applied twice.)
                with backend.transaction():
                    migration.process_steps(backend, "apply")
                    backend.mark_one(migration, log=False)
            return len(missing)
        finally:
            backend.connection.close()


@dataclass(frozen=True, kw_only=True)
class _Config(ServiceConfig):
    service: ClassVar[str] = "migrate"

    database_url: str


def main() -> None:
    """Migrate the database of DATABASE_URL; exit with 2 if an argument or variable is missing, with 1 if it fails."""
    parser = argparse.ArgumentParser(prog="python -m chassis.postgres", description=__doc__)
    parser.add_argument("command", choices=["migrate"])
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--then", metavar="MODULE", help="run this module afterwards, as the same process")
    options = parser.parse_args()
    if missing := [str(folder) for folder in options.folders if not folder.is_dir()]:
        parser.error(f"no such folder: {', '.join(missing)}")
    # The first process of a container ignores every signal that it does not handle.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        print(f"migrate: applied {migrate(load(_Config).database_url, *options.folders)}", flush=True)
    except Exception as error:  # a migration may fail in any way; all of them mean the same here
        sys.exit(f"migrate: {type(error).__name__}: {str(error).strip()}")
    if options.then:
        os.execv(sys.executable, [sys.executable, "-m", options.then])  # noqa: S606 - it is meant to


if __name__ == "__main__":
    main()
