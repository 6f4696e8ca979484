"""Makes a new signing key: published at once, signing after ACTIVATE_SECONDS; those that are over go.

Usage: DATABASE_URL=postgresql://... python -m accounts.rotate
"""

import sys

from accounts.config import Config
from accounts.keyring import Keyring
from chassis import logs
from chassis.config import load
from chassis.errors import Unavailable
from chassis.postgres import Database


def main() -> None:
    """Rotates once; exits with 1 where the database does not answer."""
    config = load(Config)
    logs.setup(config.service, config.log_level)
    database = Database(config.database_url, max_connections=1)
    database.open()
    try:
        key = Keyring(database).rotate(config.activation)
    except Unavailable as error:
        print(f"accounts: {error.message}", file=sys.stderr)
        sys.exit(1)
    finally:
        database.close()
    print(f"accounts: key {key.id} is published now and signs from {key.signs_from.isoformat()}")


if __name__ == "__main__":
    main()
