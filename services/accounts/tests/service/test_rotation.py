import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

import psycopg
import pytest

from accounts.domain.accounts import Account
from accounts.keyring import KEYS_LOCK, Keyring
from accounts.tokens import Tokens
from chassis.errors import Unavailable
from chassis.postgres import Database
from tests.support.waiting import wait_until

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.fixture
def url(service_database):
    """A database that has no keys yet."""
    return service_database("accounts")


@pytest.fixture
def keyring(url):
    with closing(Database(url)) as database:
        database.open()
        yield Keyring(database)


@pytest.fixture
def table(url):
    """A connection of the tests' own, to look at the table and to let time pass in it."""
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def ids(keyring):
    return [key["kid"] for key in keyring.jwks()]


def kept(table):
    return [key_id for (key_id,) in table.execute("SELECT id FROM signing_keys ORDER BY signs_from")]


def pass_time(table, time):
    table.execute("UPDATE signing_keys SET signs_from = signs_from - %s", (time,))


def test_the_first_key_is_made_when_it_is_asked_for_and_stays(keyring):
    assert len(ids(keyring)) == 1
    assert keyring.signer(DAY).id == ids(keyring)[0]


def test_a_new_key_is_published_at_once_and_signs_after_its_wait(keyring, table):
    old = keyring.signer(DAY).id
    new = keyring.rotate(MINUTE).id
    assert ids(keyring) == [old, new]
    assert keyring.signer(DAY).id == old
    pass_time(table, MINUTE)
    assert keyring.signer(DAY).id == new


def test_the_old_key_is_published_until_its_tokens_have_expired_and_then_deleted(keyring, table):
    old = keyring.signer(DAY).id
    new = keyring.rotate(MINUTE).id
    pass_time(table, DAY)
    assert ids(keyring) == [old, new]
    pass_time(table, 3 * MINUTE)
    assert ids(keyring) == [new]
    assert kept(table) == [new]


def test_a_rotation_deletes_the_keys_that_are_over(keyring, table):
    old = keyring.signer(DAY).id
    keyring.rotate(timedelta())
    pass_time(table, 2 * DAY)
    keyring.rotate(timedelta())
    assert old not in kept(table)


def test_a_key_is_kept_for_the_longest_token_that_it_signed_also_when_later_ones_are_shorter(keyring, table):
    old = keyring.signer(30 * DAY).id
    keyring.signer(DAY)
    keyring.rotate(timedelta())
    pass_time(table, 29 * DAY)
    assert old in ids(keyring)


def test_deleting_every_key_by_hand_ends_every_token_and_a_new_key_takes_over(keyring, table):
    old = keyring.signer(DAY).id
    table.execute("DELETE FROM signing_keys")
    assert old not in ids(keyring)
    assert Tokens(keyring, DAY).issue(Account("id", "ming@example.org", "Ming")).text


def test_replicas_that_start_together_make_one_first_key(keyring, table):
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    with ThreadPoolExecutor(2) as replicas:
        with table.transaction():
            table.execute("SELECT pg_advisory_xact_lock(%s)", (KEYS_LOCK,))
            answers = [replicas.submit(ids, keyring) for _ in range(2)]
            wait_until(lambda: table.execute(waiting).fetchone() == (2,))
        first, second = [answer.result(timeout=10) for answer in answers]
    assert first == second == kept(table)


def rotate(url, **variables):
    """Runs `python -m accounts.rotate`."""
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


def test_the_rotation_command_says_when_the_database_does_not_answer(free_port):
    failed = rotate(f"postgresql://accounts@127.0.0.1:{free_port()}/accounts")
    assert failed.returncode == 1
    assert failed.stderr == "accounts: The database does not answer. Try again.\n"


def test_a_keyring_without_a_database_says_so(free_port):
    database = Database(f"postgresql://accounts@127.0.0.1:{free_port()}/accounts")
    database.open()
    with pytest.raises(Unavailable):
        Keyring(database).jwks()
    database.close()
