"""A role and a database for each service that owns data, brought up to date by its migrations."""

from __future__ import annotations

from pathlib import Path

import psycopg
from psycopg import sql

from laptop.environment import Market
from laptop.errors import LaptopError
from laptop.postgres import SUPERUSER
from topology import Service

# A migration that a power cut undoes is applied again at the next start, so it need not wait for the disk.
_UNHURRIED = "?options=-csynchronous_commit%3Doff"

SERVICES_FOLDER = Path(__file__).resolve().parent.parent / "services"


def owners(market: Market) -> list[Service]:
    """The services that have a database."""
    return [service for service in market.services if service.database]


def create(market: Market) -> None:
    """Create the roles and databases that are missing. No role may enter another's database."""
    try:
        connection = psycopg.connect(market.database_url(SUPERUSER, "postgres"), autocommit=True)
    except psycopg.OperationalError as error:
        raise LaptopError(
            f"PostgreSQL does not let the market in: {error}\n"
            "If .market/secrets.json was changed or lost: `make reset` starts afresh; it deletes the data."
        ) from error
    with connection:
        roles = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
        databases = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
        for service in owners(market):
            _create_role(connection, market, service, exists=service.name in roles)
            if service.name not in databases:
                _create_database(connection, service)


def _create_role(connection: psycopg.Connection, market: Market, service: Service, *, exists: bool) -> None:
    statement = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}" if exists else "CREATE ROLE {} LOGIN PASSWORD {}")
    password = market.secrets.databases[service.name]
    connection.execute(statement.format(sql.Identifier(service.name), sql.Literal(password)))


def _create_database(connection: psycopg.Connection, service: Service) -> None:
    name = sql.Identifier(service.name)
    connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, name))
    connection.execute(sql.SQL("REVOKE CONNECT, TEMPORARY ON DATABASE {} FROM PUBLIC").format(name))


def migrate(market: Market, service: Service) -> int:
    """Apply what is new among a service's migrations and its seed; gives how many that were."""
    from chassis.migrate import migrate as apply

    parts = (SERVICES_FOLDER / service.name / part for part in ("migrations", "seed"))
    folders = [folder for folder in parts if folder.is_dir()]
    if not folders:
        return 0
    try:
        return apply(market.database_url(service.name, service.name) + _UNHURRIED, *folders)
    except Exception as error:  # a migration may fail in any way; all of them mean the same here
        raise LaptopError(
            f"The migrations of {service.name} failed: {type(error).__name__}: {error}"
        ) from error
