import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

import psycopg
import pytest

from accounts.store import KEYS_LOCK, Store
from chassis.errors import Unavailable
from chassis.postgres import Database
from tests.support.waiting import wait_until

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.fixture
def url(service_database):
    """A database without keys."""
    return service_database("accounts")


@pytest.fixture
def store(url):
    with closing(Database(url)) as database:
        database.open()
        yield Store(database)


@pytest.fixture
def table(url):
    """A separate connection, to inspect the table and to shift its times."""
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def ids(store):
    return [key["kid"] for key in store.jwks()]


def stored_ids(table):
    return [key_id for (key_id,) in table.execute("SELECT id FROM signing_keys ORDER BY signs_from")]


def pass_time(table, time):
    table.execute("UPDATE signing_keys SET signs_from = signs_from - %s", (time,))


def test_the_first_key_is_created_on_demand_and_stays(store):
    assert len(ids(store)) == 1
    assert store.active_key(DAY).id == ids(store)[0]


def test_a_new_key_is_published_at_once_and_signs_after_the_activation_time(store, table):
    old = store.active_key(DAY).id
    new = store.rotate_keys(MINUTE).id
    assert ids(store) == [old, new]
    assert store.active_key(DAY).id == old
    pass_time(table, MINUTE)
    assert store.active_key(DAY).id == new


def test_an_old_key_is_published_until_its_tokens_have_expired_and_then_deleted(store, table):
    old = store.active_key(DAY).id
    new = store.rotate_keys(MINUTE).id
    pass_time(table, DAY)
    assert ids(store) == [old, new]
    pass_time(table, 3 * MINUTE)
    assert ids(store) == [new]
    assert stored_ids(table) == [new]


def test_a_rotation_deletes_expired_keys(store, table):
    old = store.active_key(DAY).id
    store.rotate_keys(timedelta())
    pass_time(table, 2 * DAY)
    store.rotate_keys(timedelta())
    assert old not in stored_ids(table)


def test_a_key_is_published_for_its_longest_lived_token_even_if_later_ones_are_shorter(store, table):
    old = store.active_key(30 * DAY).id
    store.active_key(DAY)
    store.rotate_keys(timedelta())
    pass_time(table, 29 * DAY)
    assert old in ids(store)


def test_deleting_every_key_invalidates_all_tokens_and_creates_a_new_key(store, table):
    old = store.active_key(DAY).id
    table.execute("DELETE FROM signing_keys")
    assert old not in ids(store)
    assert store.active_key(DAY).id in ids(store)


def test_replicas_that_start_together_create_one_first_key(store, table):
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    with ThreadPoolExecutor(2) as replicas:
        with table.transaction():
            table.execute("SELECT pg_advisory_xact_lock(%s)", (KEYS_LOCK,))
            answers = [replicas.submit(ids, store) for _ in range(2)]
            wait_until(lambda: table.execute(waiting).fetchone() == (2,))
        first, second = [answer.result(timeout=10) for answer in answers]
    assert first == second == stored_ids(table)


def rotate(url, **variables):
    """Run `python -m accounts.rotate`."""
    environment = {**os.environ, "DATABASE_URL": url, **variables}
    command = [sys.executable, "-m", "accounts.rotate"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30)


def test_the_rotation_command_adds_a_key_that_signs_later(url, table):
    done = rotate(url, ACTIVATE_SECONDS="3600")
    first, second = table.execute(
        "SELECT id, signs_from > now() FROM signing_keys ORDER BY signs_from"
    ).fetchall()
    assert done.returncode == 0
    assert second[0] in done.stdout
    assert (first[1], second[1]) == (False, True)


def test_the_rotation_command_fails_with_the_reason_if_the_database_is_down(free_port):
    failed = rotate(f"postgresql://accounts@127.0.0.1:{free_port()}/accounts")
    assert failed.returncode == 1
    assert failed.stderr == "accounts: The database does not answer. Try again.\n"


def test_reading_keys_without_a_database_is_unavailable(free_port):
    database = Database(f"postgresql://accounts@127.0.0.1:{free_port()}/accounts")
    database.open()
    with pytest.raises(Unavailable):
        Store(database).jwks()
    database.close()
