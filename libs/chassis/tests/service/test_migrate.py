import platform
import signal
import subprocess
import sys

import psycopg
import pytest

from chassis.postgres import migrate
from laptop.ephemeral import create_database
from tests.support.waiting import wait_until


@pytest.fixture
def url(postgres_url):
    return create_database(postgres_url)


@pytest.fixture
def folder(tmp_path):
    """Two migrations, of which the second needs the first."""
    (tmp_path / "0001_pots.sql").write_text("CREATE TABLE pots (name text PRIMARY KEY)")
    (tmp_path / "0002_pots.sql").write_text("INSERT INTO pots VALUES ('iron'), ('copper')")
    return tmp_path


def start(url, *folders):
    """Migrates in a process of its own."""
    command = [sys.executable, "-m", "chassis.postgres", "migrate", *map(str, folders)]
    environ = {"DATABASE_URL": url} if url else {}
    return subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def pots(url):
    with psycopg.connect(url) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM pots ORDER BY name")]


def test_every_migration_is_applied_once(url, folder):
    assert migrate(url, folder) == 2
    assert migrate(url, folder) == 0
    assert pots(url) == ["copper", "iron"]


def test_a_new_migration_is_applied_alone(url, folder):
    migrate(url, folder)
    (folder / "0003_pots.sql").write_text("INSERT INTO pots VALUES ('clay')")
    assert migrate(url, folder) == 1


def test_folders_are_taken_together(url, folder, tmp_path_factory):
    seed = tmp_path_factory.mktemp("seed")
    (seed / "1001_pots.sql").write_text("INSERT INTO pots VALUES ('glass')")
    assert migrate(url, folder, seed) == 3


def test_what_came_before_a_migration_that_fails_stays(url, folder):
    (folder / "0003_wrong.sql").write_text("INSERT INTO pans VALUES ('none')")
    with pytest.raises(psycopg.errors.UndefinedTable):
        migrate(url, folder)
    assert pots(url) == ["copper", "iron"]


def test_a_migration_that_cannot_be_noted_down_is_not_applied(url, folder, tmp_path_factory):
    migrate(url, tmp_path_factory.mktemp("nothing"))
    with psycopg.connect(url) as connection:
        connection.execute("ALTER TABLE _yoyo_migration ADD CHECK (migration_id <> '0001_pots')")
    with pytest.raises(psycopg.errors.CheckViolation):
        migrate(url, folder)
    with psycopg.connect(url) as connection:
        connection.execute("ALTER TABLE _yoyo_migration DROP CONSTRAINT _yoyo_migration_migration_id_check")
    assert migrate(url, folder) == 2


def test_several_at_once_share_the_work(url, folder):
    (folder / "0000_wait.sql").write_text("DO $$ BEGIN PERFORM pg_sleep(0.2); END $$")
    processes = [start(url, folder) for _ in range(3)]
    said = sorted(process.communicate(timeout=30)[0] for process in processes)
    assert said == ["migrate: applied 0\n", "migrate: applied 0\n", "migrate: applied 3\n"]


def test_one_that_is_killed_does_not_lock_the_others_out(url, folder, tmp_path_factory):
    endless = tmp_path_factory.mktemp("endless")
    (endless / "0001_endless.sql").write_text("SELECT pg_sleep(3600)")
    process = start(url, endless)
    with psycopg.connect(url, autocommit=True) as connection:
        sleeping = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(3600)%'"
        )
        wait_until(
            lambda: connection.execute(sleeping.replace("pg_terminate_backend(pid)", "pid")).fetchone()
        )
        process.send_signal(signal.SIGKILL)
        process.communicate()
        connection.execute(sleeping)
    assert migrate(url, folder) == 2


@pytest.mark.parametrize(
    ("has_url", "folders", "problem"),
    [
        (True, [], "usage:"),
        (True, ["no-such-folder"], "error: no such folder: no-such-folder"),
        (False, ["."], "migrate: DATABASE_URL is missing"),
    ],
)
def test_what_is_missing_is_said_and_the_exit_code_is_2(url, has_url, folders, problem):
    process = start(url if has_url else "", *folders)
    _, error = process.communicate(timeout=30)
    assert process.returncode == 2
    assert problem in error


def test_a_migration_that_fails_is_one_line_and_the_exit_code_is_1(url, folder):
    (folder / "0003_wrong.sql").write_text("INSERT INTO pans VALUES ('none')")
    process = start(url, folder)
    _, error = process.communicate(timeout=30)
    assert process.returncode == 1
    assert error.startswith('migrate: UndefinedTable: relation "pans" does not exist')
    assert "Traceback" not in error


def test_the_same_process_goes_on_as_the_module_that_comes_then(url, folder):
    process = start(url, folder, "--then", "platform")
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    first, second = said.splitlines()
    assert first == "migrate: applied 2"
    assert second == platform.platform(aliased=True)


def test_a_service_whose_migrations_fail_does_not_start(url, folder):
    (folder / "0003_wrong.sql").write_text("INSERT INTO pans VALUES ('none')")
    process = start(url, folder, "--then", "platform")
    said, _ = process.communicate(timeout=30)
    assert (process.returncode, said) == (1, "")


def test_who_is_told_to_stop_while_it_migrates_stops(url, tmp_path):
    (tmp_path / "0001_endless.sql").write_text("SELECT pg_sleep(3600)")
    process = start(url, tmp_path)
    with psycopg.connect(url, autocommit=True) as connection:
        sleeping = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(3600)%'"
        wait_until(lambda: connection.execute(sleeping).fetchone())
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM
