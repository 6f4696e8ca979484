"""Migrations: yoyo applies a folder of .sql (or .py) files, each once, in the order of their names.

Usage: DATABASE_URL=postgresql://... python -m chassis.migrate FOLDER [FOLDER ...]
The folders are taken together, for example a service's migrations and its seed.
"""

import logging
import os
import sys
from pathlib import Path

from yoyo import get_backend, read_migrations


def migrate(database_url: str, *folders: Path) -> int:
    """Applies what is not applied yet and returns how many that were. Safe to run by several at once.

    Raises the database's own error where a migration fails; what came before it stays applied.
    """
    logging.getLogger("yoyo.migrations").setLevel(logging.WARNING)
    backend = get_backend(database_url.replace("postgresql://", "postgresql+psycopg://", 1))
    try:
        migrations = read_migrations(*(str(folder) for folder in folders))
        with backend.lock():
            waiting = backend.to_apply(migrations)
            backend.apply_migrations(waiting)
        return len(waiting)
    finally:
        backend.connection.close()


def main() -> None:
    """Migrates the database of DATABASE_URL; exits with 2 where something is missing."""
    folders = [Path(argument) for argument in sys.argv[1:]]
    missing = [str(folder) for folder in folders if not folder.is_dir()]
    url = os.environ.get("DATABASE_URL", "")
    if not folders or missing or not url:
        print(f"migrate: no such folder: {', '.join(missing)}" if missing else __doc__, file=sys.stderr)
        sys.exit(2)
    print(f"migrate: applied {migrate(url, *folders)}")


if __name__ == "__main__":
    main()
