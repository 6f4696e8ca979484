"""Makes the passwords and keys of a market in containers: `make secrets`, or python3 -m compose.make_secrets.

Each is a file under .secrets/, and .env tells Docker Compose where they are. What is there already stays as it is:
PostgreSQL keeps the passwords that it was first started with. Needs nothing but Python.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from topology import SERVICES

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ".secrets"
SETTING = "MARKET_SECRETS"
BROKER_USER = "market"


def new() -> str:
    """A password that nobody can guess, of letters and digits alone: it needs no quoting anywhere."""
    return secrets.token_hex(24)


def make(folder: Path) -> list[str]:
    """Writes the secrets that are missing into ``folder``; gives the names of those that are new."""
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    owners = [service.name for service in SERVICES if service.database]
    simple = ["postgres_password", "storefront_secret_key", "bank_api_key"]
    urls = {f"{name}_database_url": f"postgresql://{name}:{new()}@postgres:5432/{name}" for name in owners}
    wanted = {name: new() for name in simple} | urls | {"nats_url": f"nats://{BROKER_USER}:{new()}@nats:4222"}
    fresh = [name for name in wanted if not (folder / name).exists()]
    for name in fresh:
        _write(folder / name, wanted[name])
    current = {name: _password(folder / f"{name}_database_url") for name in owners}
    _write(folder / "roles.sql", roles(current))
    _write(folder / "nats_users", users(_password(folder / "nats_url")))
    return fresh


def roles(passwords: Mapping[str, str]) -> str:
    """What psql gives every owner: a role with this password, and a database that no other role may enter.

    It can be run again, also after a service was added.
    """
    return "".join(
        f"SELECT 'CREATE ROLE {name} LOGIN' WHERE NOT EXISTS"
        f" (SELECT FROM pg_roles WHERE rolname = '{name}') \\gexec\n"
        f"ALTER ROLE {name} PASSWORD '{password}';\n"
        f"SELECT 'CREATE DATABASE {name} OWNER {name}' WHERE NOT EXISTS"
        f" (SELECT FROM pg_database WHERE datname = '{name}') \\gexec\n"
        f"REVOKE CONNECT, TEMPORARY ON DATABASE {name} FROM PUBLIC;\n"
        for name, password in passwords.items()
    )


def users(password: str) -> str:
    """The part of NATS's configuration that says who may come in."""
    return f'authorization {{user: {BROKER_USER}, password: "{password}"}}\n'


def tell_compose(file: Path) -> None:
    """Adds the folder to ``file``, the .env that Docker Compose reads; what else is in it stays."""
    lines = file.read_text().splitlines() if file.exists() else []
    if not any(line.startswith(f"{SETTING}=") for line in lines):
        file.write_text("\n".join([*lines, f"{SETTING}=./{FOLDER}", ""]))


def _password(file: Path) -> str:
    return urlsplit(file.read_text().strip()).password or ""


def _write(file: Path, text: str) -> None:
    # The folder keeps others out. A file in it is readable for all: it is what a container's own account sees of it.
    file.unlink(missing_ok=True)
    file.write_text(text)
    file.chmod(0o444)


def main() -> int:
    """Makes what is missing and says so."""
    try:
        fresh = make(ROOT / FOLDER)
        tell_compose(ROOT / ".env")
    except OSError as error:
        print(f"secrets: {error}", file=sys.stderr)
        return 1
    print(f"{len(fresh)} new secrets in {FOLDER}/" if fresh else f"All secrets are in {FOLDER}/ already.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
