"""Migrations: yoyo applies a folder of .sql (or .py) files, each once, in the order of their names.

Usage: DATABASE_URL=postgresql://... python -m chassis.migrate FOLDER [FOLDER ...] [--then MODULE]
The folders are taken together, for example a service's migrations and its seed. With --then, the process becomes
`python -m MODULE` afterwards: a container brings its own database up to date and then serves.
"""

import argparse
import logging
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import psycopg
from yoyo import get_backend, read_migrations

from chassis.config import ServiceConfig, load

_LOCK = 6_147_290_153  # any number that nobody else locks


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    """What migrating takes from the environment."""

    service: ClassVar[str] = "migrate"

    database_url: str


def migrate(database_url: str, *folders: Path) -> int:
    """Applies what is not applied yet and returns how many that were. Safe to run by several at once.

    Raises the database's own error where a migration fails; what came before it stays applied.
    """
    logging.getLogger("yoyo.migrations").setLevel(logging.WARNING)
    # yoyo's own lock is a row, which a process that is killed leaves behind; this one ends with its connection.
    with psycopg.connect(database_url, autocommit=True) as guard:
        guard.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        backend = get_backend(database_url.replace("postgresql://", "postgresql+psycopg://", 1))
        try:
            waiting = backend.to_apply(read_migrations(*(str(folder) for folder in folders)))
            for migration in waiting:
                # One transaction, so that a migration whose process is killed is not there at all. (yoyo's own
                # way notes it afterwards, on another connection: killed in between, it would be applied twice.)
                with backend.transaction():
                    migration.process_steps(backend, "apply")
                    backend.mark_one(migration, log=False)
            return len(waiting)
        finally:
            backend.connection.close()


def main() -> None:
    """Migrates the database of DATABASE_URL; exits with 2 where something is missing, 1 where it fails."""
    parser = argparse.ArgumentParser(prog="python -m chassis.migrate", description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--then", metavar="MODULE", help="run this module afterwards, as the same process")
    options = parser.parse_args()
    if missing := [str(folder) for folder in options.folders if not folder.is_dir()]:
        parser.error(f"no such folder: {', '.join(missing)}")
    # The first process of a container dies of no signal that it does not handle.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        print(f"migrate: applied {migrate(load(Config).database_url, *options.folders)}", flush=True)
    except Exception as error:  # a migration may fail in any way; all of them mean the same here
        sys.exit(f"migrate: {type(error).__name__}: {str(error).strip()}")
    if options.then:
        os.execv(sys.executable, [sys.executable, "-m", options.then])  # noqa: S606 - it is meant to


if __name__ == "__main__":
    main()
