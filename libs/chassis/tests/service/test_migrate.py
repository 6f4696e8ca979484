import platform
import signal
import subprocess
import sys

import psycopg
import pytest

from chassis.postgres import migrate
from laptop.ephemeral import create_database
from tests.support.waiting import wait_until

SLEEPING = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(3600)%'"


@pytest.fixture
def url(postgres_url):
    return create_database(postgres_url)


@pytest.fixture
def folder(tmp_path):
    """Return a folder with two migrations. The second depends on the first."""
    (tmp_path / "0001_pots.sql").write_text("CREATE TABLE pots (name text PRIMARY KEY)")
    (tmp_path / "0002_pots.sql").write_text("INSERT INTO pots VALUES ('iron'), ('copper')")
    return tmp_path


def start(url, *folders):
    """Start the migration in a process."""
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


def test_only_new_migrations_are_applied(url, folder):
    migrate(url, folder)
    (folder / "0003_pots.sql").write_text("INSERT INTO pots VALUES ('clay')")
    assert migrate(url, folder) == 1


def test_migrations_of_several_folders_are_applied(url, folder, tmp_path_factory):
    seed = tmp_path_factory.mktemp("seed")
    (seed / "1001_pots.sql").write_text("INSERT INTO pots VALUES ('glass')")
    assert migrate(url, folder, seed) == 3


def test_migrations_before_a_failed_one_stay_applied(url, folder):
    (folder / "0003_wrong.sql").write_text("INSERT INTO pans VALUES ('none')")
    with pytest.raises(psycopg.errors.UndefinedTable):
        migrate(url, folder)
    assert pots(url) == ["copper", "iron"]


def test_a_migration_that_cannot_be_recorded_is_not_applied(url, folder, tmp_path_factory):
    migrate(url, tmp_path_factory.mktemp("nothing"))
    with psycopg.connect(url) as connection:
        connection.execute("ALTER TABLE _yoyo_migration ADD CHECK (migration_id <> '0001_pots')")
    with pytest.raises(psycopg.errors.CheckViolation):
        migrate(url, folder)
    with psycopg.connect(url) as connection:
        connection.execute("ALTER TABLE _yoyo_migration DROP CONSTRAINT _yoyo_migration_migration_id_check")
    assert migrate(url, folder) == 2


def test_processes_that_migrate_at_the_same_time_apply_each_migration_once(url, folder):
    (folder / "0000_wait.sql").write_text("DO $$ BEGIN PERFORM pg_sleep(0.2); END $$")
    processes = [start(url, folder) for _ in range(3)]
    outputs = sorted(process.communicate(timeout=30)[0] for process in processes)
    assert outputs == ["migrate: applied 0\n", "migrate: applied 0\n", "migrate: applied 3\n"]


def test_a_killed_process_leaves_no_lock(url, folder, tmp_path_factory):
    endless = tmp_path_factory.mktemp("endless")
    (endless / "0001_endless.sql").write_text("SELECT pg_sleep(3600)")
    process = start(url, endless)
    with psycopg.connect(url, autocommit=True) as connection:
        (pid,) = wait_until(lambda: connection.execute(SLEEPING).fetchone())
        process.send_signal(signal.SIGKILL)
        process.communicate()
        connection.execute("SELECT pg_terminate_backend(%s)", (pid,))
    assert migrate(url, folder) == 2


@pytest.mark.parametrize(
    ("has_url", "folders", "message"),
    [
        (True, [], "usage:"),
        (True, ["no-such-folder"], "error: no such folder: no-such-folder"),
        (False, ["."], "migrate: DATABASE_URL is missing"),
    ],
)
def test_a_missing_argument_is_reported_with_exit_code_2(url, has_url, folders, message):
    process = start(url if has_url else "", *folders)
    _, error = process.communicate(timeout=30)
    assert process.returncode == 2
    assert message in error


def test_a_failed_migration_is_reported_in_one_line_with_exit_code_1(url, folder):
    (folder / "0003_wrong.sql").write_text("INSERT INTO pans VALUES ('none')")
    process = start(url, folder)
    _, error = process.communicate(timeout=30)
    assert process.returncode == 1
    assert error.startswith('migrate: UndefinedTable: relation "pans" does not exist')
    assert "Traceback" not in error


def test_the_same_process_runs_the_next_module_after_the_migrations(url, folder):
    process = start(url, folder, "--then", "platform")
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    first, second = output.splitlines()
    assert first == "migrate: applied 2"
    assert second == platform.platform(aliased=True)


def test_a_service_does_not_start_if_its_migrations_fail(url, folder):
    (folder / "0003_wrong.sql").write_text("INSERT INTO pans VALUES ('none')")
    process = start(url, folder, "--then", "platform")
    output, _ = process.communicate(timeout=30)
    assert (process.returncode, output) == (1, "")


def test_a_migration_stops_on_sigterm(url, tmp_path):
    (tmp_path / "0001_endless.sql").write_text("SELECT pg_sleep(3600)")
    process = start(url, tmp_path)
    with psycopg.connect(url, autocommit=True) as connection:
        wait_until(lambda: connection.execute(SLEEPING).fetchone())
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM
