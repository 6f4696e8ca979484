"""The ephemeral servers that the tests of the services use."""

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

from laptop.ephemeral import create_database, ephemeral_nats, ephemeral_postgres
from tests.support.waiting import wait_until

_USES_BOTH = """
import sys
from laptop.ephemeral import ephemeral_nats, ephemeral_postgres
with ephemeral_postgres(), ephemeral_nats():
    print("running", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with ephemeral_postgres() as url:
        yield url


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """An empty folder that PostgreSQL's user can reach. Other users cannot reach pytest's own folders."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_databases_are_independent(postgres: str) -> None:
    first, second = create_database(postgres), create_database(postgres)
    with psycopg.connect(first) as connection:
        connection.execute("CREATE TABLE stock (id int)")
    with psycopg.connect(second) as connection:
        assert connection.execute("SELECT to_regclass('stock')").fetchone() == (None,)


def test_a_database_can_be_copied_from_a_template(postgres: str) -> None:
    original = create_database(postgres, "original")
    with psycopg.connect(original) as connection:
        connection.execute("CREATE TABLE stock AS SELECT 7 AS id")
    with psycopg.connect(create_database(postgres, template="original")) as connection:
        assert connection.execute("SELECT id FROM stock").fetchone() == (7,)


def test_text_sorts_alike_on_every_machine(postgres: str) -> None:
    with psycopg.connect(postgres) as connection:
        answer = connection.execute("SELECT 'Z' < 'a', lower('É')").fetchone()
    assert answer == (True, "é")


def test_postgres_rejects_a_wrong_password(postgres: str) -> None:
    password = postgres.split(":")[2].split("@")[0]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(postgres.replace(password, "guess"))


def test_nats_has_a_password_and_listens_on_loopback() -> None:
    with ephemeral_nats() as url:
        assert url.startswith("nats://market:")
        assert "@127.0.0.1:" in url


def test_postgres_starts_if_its_user_cannot_reach_the_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with ephemeral_postgres() as url, psycopg.connect(url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize("last_signal", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_if_the_test_run_is_killed(last_signal: signal.Signals, open_folder: Path) -> None:
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
    wait_until(lambda: not any(_alive(server) for server in servers), timeout=60, what="all servers are gone")
    wait_until(lambda: not list(open_folder.iterdir()), timeout=60, what="all folders are gone")


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
