"""Create the passwords and keys of the stack in containers: `make secrets`, or python3 -m compose.make_secrets.

Each one is a file in .secrets/, and .env contains that path for Docker Compose. Existing secrets are kept, because
PostgreSQL keeps the passwords of its first start. Needs only Python.
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
VARIABLE = "MARKET_SECRETS"
NATS_USER = "market"


def generate() -> str:
    """Return a random password of letters and digits only, which needs no quoting."""
    return secrets.token_hex(24)


def create_missing(folder: Path) -> list[str]:
    """Create the secrets that are missing in ``folder``, and return their names."""
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    owners = [service.name for service in SERVICES if service.database]
    keys = ["postgres_password", "storefront_secret_key", "bank_api_key"]
    urls = {
        f"{name}_database_url": f"postgresql://{name}:{generate()}@postgres:5432/{name}" for name in owners
    }
    nats_url = {"nats_url": f"nats://{NATS_USER}:{generate()}@nats:4222"}
    candidates = {name: generate() for name in keys} | urls | nats_url
    missing = [name for name in candidates if not (folder / name).exists()]
    for name in missing:
        _write(folder / name, candidates[name])
    passwords = {name: _password(folder / f"{name}_database_url") for name in owners}
    _write(folder / "roles.sql", roles_sql(passwords))
    _write(folder / "nats_users", nats_users(_password(folder / "nats_url")))
    return missing


def roles_sql(passwords: Mapping[str, str]) -> str:
    """Return the SQL for psql that gives every service a role, and a database that no other role can connect to.

    It can run again, for example after a service was added.
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


def nats_users(password: str) -> str:
    """Return the part of the NATS configuration that defines the user."""
    return f'authorization {{user: {NATS_USER}, password: "{password}"}}\n'


def configure_compose(file: Path) -> None:
    """Add the folder to ``file``, the .env of Docker Compose, unless it is set there; keep the other lines."""
    lines = file.read_text().splitlines() if file.exists() else []
    if not any(line.startswith(f"{VARIABLE}=") for line in lines):
        file.write_text("\n".join([*lines, f"{VARIABLE}=./{FOLDER}", ""]))


def _password(file: Path) -> str:
    return urlsplit(file.read_text().strip()).password or ""


def _write(file: Path, text: str) -> None:
    # The folder is private. The files are readable for all, so that the accounts in the containers can read them.
    file.unlink(missing_ok=True)
    file.write_text(text)
    file.chmod(0o444)


def main() -> int:
    """Create what is missing and print the result. Return 1 if a file cannot be written."""
    try:
        created = create_missing(ROOT / FOLDER)
        configure_compose(ROOT / ".env")
    except OSError as error:
        print(f"Cannot create the secrets: {error}", file=sys.stderr)
        return 1
    result = (
        f"Created {len(created)} secrets in {FOLDER}/." if created else f"All secrets exist in {FOLDER}/."
    )
    print(result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
