"""Migrations: yoyo applies a folder of .sql (or .py) files, each once, in the order of their names.

Usage: DATABASE_URL=postgresql://... python -m chassis.migrate FOLDER [FOLDER ...]
The folders are taken together, for example a service's migrations and its seed.
"""

import logging
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
            backend.apply_migrations(waiting)
            return len(waiting)
        finally:
            backend.connection.close()


def main() -> None:
    """Migrates the database of DATABASE_URL; exits with 2 where something is missing."""
    folders = [Path(argument) for argument in sys.argv[1:]]
    if not folders:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    if missing := [str(folder) for folder in folders if not folder.is_dir()]:
        print(f"migrate: no such folder: {', '.join(missing)}", file=sys.stderr)
        sys.exit(2)
    print(f"migrate: applied {migrate(load(Config).database_url, *folders)}")


if __name__ == "__main__":
    main()
