import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest

from accounts.domain.accounts import Account
from accounts.keyring import KEYS_LOCK, Keyring
from accounts.tokens import Tokens
from chassis.database import Database
from chassis.errors import Unavailable
from chassis.testing import eventually

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def ids(keyring):
    return [key["kid"] for key in keyring.jwks()]


def pass_time(keyring, time):
    """Lets time pass by moving what the table says back."""
    with keyring._database.connection() as connection:
        connection.execute("UPDATE signing_keys SET signs_from = signs_from - %s", (time,))


def test_the_first_key_is_made_when_it_is_asked_for_and_stays(keyring):
    assert len(ids(keyring)) == 1
    assert keyring.signer(DAY).id == ids(keyring)[0]


def test_a_new_key_is_published_at_once_and_signs_after_its_wait(keyring):
    old = keyring.signer(DAY).id
    new = keyring.rotate(MINUTE).id
    assert ids(keyring) == [old, new]
    assert keyring.signer(DAY).id == old
    pass_time(keyring, MINUTE)
    assert keyring.signer(DAY).id == new


def test_the_old_key_is_published_until_its_tokens_have_expired_and_then_deleted(keyring):
    old = keyring.signer(DAY).id
    new = keyring.rotate(MINUTE).id
    pass_time(keyring, DAY)
    assert ids(keyring) == [old, new]
    pass_time(keyring, 3 * MINUTE)
    assert ids(keyring) == [new]
    with keyring._database.connection() as connection:
        assert [row["id"] for row in connection.execute("SELECT id FROM signing_keys")] == [new]


def test_a_rotation_deletes_the_keys_that_are_over(keyring):
    old = keyring.signer(DAY).id
    keyring.rotate(timedelta())
    pass_time(keyring, 2 * DAY)
    keyring.rotate(timedelta())
    with keyring._database.connection() as connection:
        assert old not in [row["id"] for row in connection.execute("SELECT id FROM signing_keys")]


def test_a_key_is_kept_for_the_longest_token_that_it_signed_also_when_later_ones_are_shorter(keyring):
    old = keyring.signer(30 * DAY).id
    keyring.signer(DAY)
    keyring.rotate(timedelta())
    pass_time(keyring, 29 * DAY)
    assert old in ids(keyring)


def test_deleting_every_key_by_hand_ends_every_token_and_a_new_key_takes_over(keyring):
    old = keyring.signer(DAY).id
    with keyring._database.connection() as connection:
        connection.execute("DELETE FROM signing_keys")
    assert old not in ids(keyring)
    assert Tokens(keyring, DAY).issue(Account("id", "ming@example.org", "Ming")).text


def test_replicas_that_start_together_make_one_first_key(keyring):
    waiting = "SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    with ThreadPoolExecutor(2) as replicas:
        with keyring._database.connection() as watcher, keyring._database.transaction() as holder:
            holder.execute("SELECT pg_advisory_xact_lock(%s)", (KEYS_LOCK,))
            answers = [replicas.submit(ids, keyring) for _ in range(2)]
            eventually(lambda: watcher.execute(waiting).fetchone()["n"] == 2)
        first, second = [answer.result(timeout=10) for answer in answers]
    assert first == second
    assert len(first) == 1


@pytest.fixture
def rotate(service_database):
    """Runs `python -m accounts.rotate` on a database of its own, or on another."""
    url = service_database("accounts")

    def run(database_url=url, **variables):
        environment = {**os.environ, "DATABASE_URL": database_url, **variables}
        command = [sys.executable, "-m", "accounts.rotate"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30)

    run.url = url
    return run


def test_the_rotation_command_adds_a_key_that_signs_later(rotate):
    done = rotate(ACTIVATE_SECONDS="3600")
    with psycopg.connect(rotate.url) as connection:
        first, second = connection.execute(
            "SELECT id, signs_from > now() FROM signing_keys ORDER BY signs_from"
        ).fetchall()
    assert done.returncode == 0
    assert second[0] in done.stdout
    assert (first[1], second[1]) == (False, True)


def test_the_rotation_command_says_when_the_database_does_not_answer(rotate, free_port):
    failed = rotate(f"postgresql://accounts@127.0.0.1:{free_port()}/accounts")
    assert failed.returncode == 1
    assert failed.stderr == "accounts: The database does not answer. Try again.\n"


def test_a_keyring_without_a_database_says_so(free_port):
    database = Database(f"postgresql://accounts@127.0.0.1:{free_port()}/accounts")
    database.open()
    with pytest.raises(Unavailable):
        Keyring(database).jwks()
    database.close()
