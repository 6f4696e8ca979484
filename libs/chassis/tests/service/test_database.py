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
from tests.support.servers import own_postgres
from tests.support.waiting import wait_until

AT_ONCE = 2.0  # seconds, of which the chassis takes one
SOON = 8.0


@contextmanager
def opened(url, **how):
    database = Database(url, **how)
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


@pytest.fixture(scope="module")
def postgres():
    with own_postgres() as server:
        yield server


def answers(database):
    """Whether the database answers; None where it doesn't, and says so quickly."""
    begun = time.monotonic()
    try:
        with database.connection() as connection:
            return connection.execute("SELECT 1 AS one").fetchone() == {"one": 1}
    except Unavailable as error:
        assert error.reason == "DATABASE_UNAVAILABLE"
        assert time.monotonic() - begun < AT_ONCE
        return None


def is_used_by(database, number):
    """Opens so many connections at once, and gives them back."""
    with ExitStack() as stack:
        for _ in range(number):
            stack.enter_context(database.connection())


@pytest.fixture
def notes(database):
    with database.connection() as connection:
        connection.execute("CREATE TABLE notes (text text)")
        yield lambda: [row["text"] for row in connection.execute("SELECT text FROM notes").fetchall()]
        connection.execute("DROP TABLE notes")


def test_a_transaction_that_ends_well_is_kept(database, notes):
    with database.transaction() as connection:
        connection.execute("INSERT INTO notes VALUES ('kept')")
    assert notes() == ["kept"]


def test_a_transaction_that_is_left_by_an_exception_never_was(database, notes):
    with pytest.raises(ZeroDivisionError), database.transaction() as connection:
        connection.execute("INSERT INTO notes VALUES ('lost')")
        raise ZeroDivisionError
    assert notes() == []


def test_an_error_of_the_statement_is_told_as_it_is(database):
    with pytest.raises(psycopg.errors.UndefinedTable), database.connection() as connection:
        connection.execute("SELECT * FROM nothing")
    assert answers(database)


def test_who_finds_all_connections_taken_waits_for_one(url):
    with opened(url, max_connections=1) as database:
        with database.connection():
            found = []
            waiting = threading.Thread(target=lambda: found.append(answers(database)))
            waiting.start()
        waiting.join()
        assert found == [True]


def test_who_finds_all_connections_taken_for_too_long_is_sent_away(url):
    with opened(url, max_connections=1) as database, database.connection():
        assert answers(database) is None


def test_a_statement_that_takes_too_long_is_an_outage(database):
    with pytest.raises(Unavailable), database.connection() as connection:
        connection.execute("SET statement_timeout = '10ms'")
        connection.execute("SELECT pg_sleep(10)")


def test_no_statement_and_no_idle_transaction_may_last_for_ever(database):
    with database.connection() as connection:
        shown = [
            connection.execute(f"SELECT current_setting('{name}') AS value").fetchone()["value"]
            for name in ("statement_timeout", "idle_in_transaction_session_timeout")
        ]
    assert shown == ["5s", "10s"]


def test_a_process_that_was_frozen_in_a_transaction_finds_an_outage(database):
    with pytest.raises(Unavailable) as refused, database.transaction() as connection:
        mine = connection.info.backend_pid
        connection.execute("SET idle_in_transaction_session_timeout = '10ms'")
        wait_until(lambda: not is_there(database, mine))
        connection.execute("SELECT 1")
    assert refused.value.reason == "DATABASE_UNAVAILABLE"
    assert answers(database)


def is_there(database, backend_pid):
    """Whether the server still has this connection."""
    with database.connection() as connection:
        return connection.execute("SELECT FROM pg_stat_activity WHERE pid = %s", (backend_pid,)).rowcount


def test_a_database_without_tables_is_not_ready(database):
    with pytest.raises(Unavailable) as refused:
        database.check()
    assert refused.value.reason == "DATABASE_NOT_MIGRATED"


def test_a_migrated_database_is_ready(service_database):
    with opened(service_database("catalog", seeded=False)) as database:
        database.check()


def test_a_server_that_does_not_answer_is_an_outage():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with opened(f"postgresql://nobody:secret@127.0.0.1:{port}/nothing") as database:
            assert answers(database) is None


@pytest.fixture
def frozen(url):
    """A database with one connection, whose server process is stopped."""
    with opened(url, max_connections=1) as database:
        with database.connection() as connection:
            pid = connection.execute("SELECT pg_backend_pid() AS pid").fetchone()["pid"]
        os.kill(pid, signal.SIGSTOP)
        yield database
        os.kill(pid, signal.SIGCONT)


def test_a_server_that_freezes_keeps_no_caller_beyond_its_deadline(frozen):
    with use_context(RequestContext(deadline=time.monotonic() + 1.2)):
        assert answers(frozen) is None
    assert answers(frozen)


def test_a_server_that_freezes_is_an_outage_where_there_is_no_deadline_either(frozen):
    with pytest.raises(Unavailable), frozen.connection() as connection:
        connection.execute("SELECT 1")


def test_a_server_that_is_not_there_yet_is_found_when_it_comes(postgres):
    with opened(postgres.url) as database:
        assert answers(database) is None
        with postgres.run():
            wait_until(lambda: answers(database), SOON)


def test_an_outage_is_told_quickly_and_ends_by_itself(postgres):
    with opened(postgres.url) as database:
        with postgres.run():
            wait_until(lambda: answers(database), SOON)
        assert [answers(database) for _ in range(2)] == [None, None]
        with postgres.run():
            wait_until(lambda: answers(database), SOON)


def test_an_outage_that_is_known_is_told_at_once(postgres):
    with opened(postgres.url) as database:
        with postgres.run():
            wait_until(lambda: answers(database), SOON)
        answers(database)
        begun = time.monotonic()
        assert answers(database) is None
        assert time.monotonic() - begun < AT_ONCE / 3


def test_a_crowd_of_callers_does_not_keep_an_outage_from_ending(postgres):
    with opened(postgres.url) as database:
        with postgres.run():
            wait_until(lambda: answers(database), SOON)
        ending = time.monotonic() + 5  # longer than the pool tries to reconnect before it starts over

        def insist(_):
            while time.monotonic() < ending:
                assert answers(database) is None

        with ThreadPoolExecutor(16) as crowd:
            list(crowd.map(insist, range(16)))
        with postgres.run():
            wait_until(lambda: answers(database), SOON)


def test_connections_of_before_a_restart_fail_no_request(postgres):
    with opened(postgres.url) as database:
        with postgres.run():
            wait_until(lambda: answers(database), SOON)
            is_used_by(database, 8)
        with postgres.run():
            assert [answers(database) for _ in range(8)] == [True] * 8
