"""The throw-away servers that the services' tests use."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from laptop.nats import temporary_nats
from laptop.postgres import create_database, temporary_postgres
from laptop.tests.waiting import wait_until

_USES_BOTH = """
import sys
from laptop.nats import temporary_nats
from laptop.postgres import temporary_postgres
with temporary_postgres(), temporary_nats():
    print("running", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with temporary_postgres() as url:
        yield url


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """An empty folder that PostgreSQL's account can reach where we are root; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_each_database_is_apart_from_the_others(postgres: str) -> None:
    first, second = create_database(postgres), create_database(postgres)
    with psycopg.connect(first) as connection:
        connection.execute("CREATE TABLE shelf (id int)")
    with psycopg.connect(second) as connection:
        assert connection.execute("SELECT to_regclass('shelf')").fetchone() == (None,)


def test_a_database_can_be_copied_from_a_migrated_one(postgres: str) -> None:
    original = create_database(postgres, "original")
    with psycopg.connect(original) as connection:
        connection.execute("CREATE TABLE shelf AS SELECT 7 AS id")
    with psycopg.connect(create_database(postgres, template="original")) as connection:
        assert connection.execute("SELECT id FROM shelf").fetchone() == (7,)


def test_words_sort_alike_on_every_machine(postgres: str) -> None:
    with psycopg.connect(postgres) as connection:
        answer = connection.execute("SELECT 'Z' < 'a', lower('É')").fetchone()
    assert answer == (True, "é")


def test_nobody_enters_the_database_without_the_password(postgres: str) -> None:
    password = postgres.split(":")[2].split("@")[0]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(postgres.replace(password, "guess"))


def test_the_broker_is_reached_with_its_password_on_loopback() -> None:
    with temporary_nats() as url:
        assert url.startswith("nats://market:")
        assert "@127.0.0.1:" in url


def test_a_temporary_folder_that_is_closed_to_others_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with temporary_postgres() as url, psycopg.connect(url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize("last_signal", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_stays_when_the_test_run_is_killed(last_signal: signal.Signals, open_folder: Path) -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", _USES_BOTH],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"TMPDIR": str(open_folder), "PYTHONPATH": ":".join(sys.path)},
    )
    assert run.stdout is not None
    assert run.stdout.readline() == b"running\n"
    servers = psutil.Process(run.pid).children(recursive=True)
    assert {"postgres", "nats-server"} <= {server.name() for server in servers}
    run.send_signal(last_signal)
    run.communicate()
    wait_until(lambda: not any(_alive(server) for server in servers), "all servers are gone")
    wait_until(lambda: not list(open_folder.iterdir()), "all folders are gone")


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
