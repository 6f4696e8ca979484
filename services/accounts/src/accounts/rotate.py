"""Create a new signing key, which is published at once and signs after ACTIVATE_SECONDS; delete expired keys.

Usage: DATABASE_URL=postgresql://... python -m accounts.rotate
"""

import sys

from accounts.config import Config
from accounts.store import Store
from chassis import logs
from chassis.config import load
from chassis.errors import Unavailable
from chassis.postgres import Database


def main() -> None:
    """Rotate once. Exits with 1 if the database is unavailable."""
    config = load(Config)
    logs.setup(config.service, config.log_level)
    database = Database(config.database_url, max_connections=1)
    database.open()
    try:
        key = Store(database).rotate_keys(config.activation)
    except Unavailable as error:
        print(f"accounts: {error.message}", file=sys.stderr)
        sys.exit(1)
    finally:
        database.close()
    print(f"accounts: key {key.id} is published and signs from {key.signs_from.isoformat()}")


if __name__ == "__main__":
    main()
