import os
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import psycopg
import pytest

from chassis.context import RequestContext, use_context
from chassis.errors import Unavailable
from chassis.postgres import Database
from laptop.ephemeral import create_database
from tests.support.waiting import wait_until

MAX_SECONDS = 2.0  # for a failure, which the pool reports after one second
RECOVERY_TIMEOUT = 8.0  # seconds


@contextmanager
def opened(url, **options):
    database = Database(url, **options)
    database.open()
    try:
        yield database
    finally:
        database.close()


@pytest.fixture(scope="module")
def url(postgres_url):
    return create_database(postgres_url)


@pytest.fixture
def database(url):
    with opened(url) as database:
        yield database


def responds(database):
    """Return whether a query succeeds. A failure must be an outage that is reported quickly."""
    started = time.monotonic()
    try:
        with database.connection() as connection:
            return connection.execute("SELECT 1 AS one").fetchone() == {"one": 1}
    except Unavailable as error:
        assert error.reason == "DATABASE_UNAVAILABLE"
        assert time.monotonic() - started < MAX_SECONDS
        return False


def use_connections(database, number):
    """Take `number` connections from the pool at the same time and return them."""
    with ExitStack() as stack:
        for _ in range(number):
            stack.enter_context(database.connection())


@pytest.fixture
def notes(database):
    with database.connection() as connection:
        connection.execute("CREATE TABLE notes (text text)")
        yield lambda: [row["text"] for row in connection.execute("SELECT text FROM notes").fetchall()]
        connection.execute("DROP TABLE notes")


def test_a_transaction_is_committed_at_the_end_of_its_block(database, notes):
    with database.transaction() as connection:
        connection.execute("INSERT INTO notes VALUES ('committed')")
    assert notes() == ["committed"]


def test_a_transaction_is_rolled_back_by_an_exception(database, notes):
    with pytest.raises(ZeroDivisionError), database.transaction() as connection:
        connection.execute("INSERT INTO notes VALUES ('lost')")
        raise ZeroDivisionError
    assert notes() == []


def test_an_error_in_a_statement_is_raised_unchanged(database):
    with pytest.raises(psycopg.errors.UndefinedTable), database.connection() as connection:
        connection.execute("SELECT * FROM nothing")
    assert responds(database)


def test_a_caller_waits_if_all_connections_are_in_use(url):
    with opened(url, max_connections=1) as database:
        with database.connection():
            results = []
            waiting = threading.Thread(target=lambda: results.append(responds(database)))
            waiting.start()
        waiting.join()
        assert results == [True]


def test_a_caller_that_waits_too_long_for_a_connection_gets_an_outage(url):
    with opened(url, max_connections=1) as database, database.connection():
        assert responds(database) is False


def test_a_statement_that_takes_too_long_is_an_outage(database):
    with pytest.raises(Unavailable), database.connection() as connection:
        connection.execute("SET statement_timeout = '10ms'")
        connection.execute("SELECT pg_sleep(10)")


def test_statements_and_idle_transactions_have_a_timeout(database):
    with database.connection() as connection:
        settings = [
            connection.execute(f"SELECT current_setting('{name}') AS value").fetchone()["value"]
            for name in ("statement_timeout", "idle_in_transaction_session_timeout")
        ]
    assert settings == ["5s", "10s"]


def test_a_process_that_was_paused_in_a_transaction_gets_an_outage(database):
    with pytest.raises(Unavailable) as failure, database.transaction() as connection:
        pid = connection.info.backend_pid
        connection.execute("SET idle_in_transaction_session_timeout = '10ms'")
        wait_until(lambda: not is_connected(database, pid))
        connection.execute("SELECT 1")
    assert failure.value.reason == "DATABASE_UNAVAILABLE"
    assert responds(database)


def is_connected(database, backend_pid):
    """Return whether the server still has this connection."""
    with database.connection() as connection:
        return connection.execute("SELECT FROM pg_stat_activity WHERE pid = %s", (backend_pid,)).rowcount


def test_a_database_without_tables_is_not_ready(database):
    with pytest.raises(Unavailable) as failure:
        database.check()
    assert failure.value.reason == "DATABASE_NOT_MIGRATED"


def test_a_migrated_database_is_ready(service_database):
    with opened(service_database("catalog", seeded=False)) as database:
        database.check()


def test_a_server_that_does_not_respond_is_an_outage():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with opened(f"postgresql://user:secret@127.0.0.1:{port}/nothing") as database:
            assert responds(database) is False


@pytest.fixture
def paused(url):
    """Return a database with one connection, which belongs to a paused server process."""
    with opened(url, max_connections=1) as database:
        with database.connection() as connection:
            pid = connection.execute("SELECT pg_backend_pid() AS pid").fetchone()["pid"]
        os.kill(pid, signal.SIGSTOP)
        yield database
        os.kill(pid, signal.SIGCONT)


def test_a_caller_of_a_paused_server_gets_an_outage_before_its_deadline(paused):
    with use_context(RequestContext(deadline=time.monotonic() + 1.2)):
        assert responds(paused) is False
    assert responds(paused)


def test_a_paused_server_is_an_outage_if_there_is_no_deadline(paused):
    with pytest.raises(Unavailable), paused.connection() as connection:
        connection.execute("SELECT 1")


def test_a_connection_succeeds_once_the_server_starts(postgres_server):
    with opened(postgres_server.url) as database:
        assert responds(database) is False
        with postgres_server.run():
            wait_until(lambda: responds(database), RECOVERY_TIMEOUT)


def test_an_outage_is_reported_quickly_and_ends_with_the_restart(postgres_server):
    with opened(postgres_server.url) as database:
        with postgres_server.run():
            wait_until(lambda: responds(database), RECOVERY_TIMEOUT)
        assert [responds(database) for _ in range(2)] == [False, False]
        with postgres_server.run():
            wait_until(lambda: responds(database), RECOVERY_TIMEOUT)


def test_a_known_outage_is_reported_at_once(postgres_server):
    with opened(postgres_server.url) as database:
        with postgres_server.run():
            wait_until(lambda: responds(database), RECOVERY_TIMEOUT)
        responds(database)
        started = time.monotonic()
        assert responds(database) is False
        assert time.monotonic() - started < MAX_SECONDS / 3


def test_an_outage_ends_even_if_many_callers_retry(postgres_server):
    with opened(postgres_server.url) as database:
        with postgres_server.run():
            wait_until(lambda: responds(database), RECOVERY_TIMEOUT)
        deadline = time.monotonic() + 5  # longer than the pool reconnects before it starts over

        def retry(_):
            while time.monotonic() < deadline:
                assert responds(database) is False

        with ThreadPoolExecutor(16) as callers:
            list(callers.map(retry, range(16)))
        with postgres_server.run():
            wait_until(lambda: responds(database), RECOVERY_TIMEOUT)


def test_connections_from_before_a_restart_do_not_fail_requests(postgres_server):
    with opened(postgres_server.url) as database:
        with postgres_server.run():
            wait_until(lambda: responds(database), RECOVERY_TIMEOUT)
            use_connections(database, 8)
        with postgres_server.run():
            assert [responds(database) for _ in range(8)] == [True] * 8
