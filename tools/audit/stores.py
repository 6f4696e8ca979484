"""The stores that the audit reads: where they are, and how to query them."""

from __future__ import annotations

import asyncio
import json
import xmlrpc.client
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, LiteralString, TypeVar
from xmlrpc.client import ServerProxy

import nats
import nats.errors
import psycopg
import requests
from nats.js.errors import NotFoundError
from psycopg.rows import kwargs_row

from tools.audit.snapshot import Entry
from topology import SERVICES

T = TypeVar("T")
_DATABASE_OPTIONS = "-c statement_timeout=60s"
_MAX_PAGE_SIZE = 1000  # of the bank's ledger
_BANK_TIMEOUT = 15.0  # seconds
_NATS_TIMEOUT = 5  # seconds
_DEAD_STREAM, _DEAD_PREFIX = "DEAD", "dead."


class StoreError(Exception):
    """A store does not answer, or not as expected. The text is one line that names the store."""


class NotRunning(Exception):
    """The stack is not running."""


@dataclass(frozen=True)
class Stores:
    """The stores of one stack, whichever way it runs.

    `databases` has the URL of each service's database, with that service's own role. `mail_folder` is the Maildir that
    emails are written to, None if they go to a mail server.
    """

    databases: Mapping[str, str] = field(repr=False)
    bank_url: str
    bank_api_key: str = field(repr=False)
    nats_url: str = field(repr=False)
    mail_folder: Path | None

    @classmethod
    def of_folder(cls, folder: Path) -> Stores:
        """The stores of the stack that runs in laptop mode with this state folder.

        They are read from `endpoints.json`, which laptop/README.md describes. Raises NotRunning if the file does not
        exist or supervisord does not answer.
        """
        try:
            endpoints = json.loads((folder / "endpoints.json").read_text(encoding="utf-8"))
            with ServerProxy(endpoints["supervisor"]) as supervisor:
                supervisor.supervisor.getState()
        except (OSError, xmlrpc.client.Error) as error:
            raise NotRunning("The stack is not running. Start it: make up") from error
        return cls(
            databases=endpoints["databases"],
            bank_url=endpoints["bank"],
            bank_api_key=endpoints["bankApiKey"],
            nats_url=endpoints["nats"],
            mail_folder=Path(endpoints["mailDir"]),
        )

    @classmethod
    def of_containers(cls, secrets: Path, mail: Path | None, address: Callable[[str], str] = str) -> Stores:
        """The stores of a stack in containers, from the folder of its secrets.

        `address` maps a container's name to the host name or IP address at which it is reached; by default that is
        the name itself. Raises OSError if a secret is missing.
        """

        def secret(name: str) -> str:
            return (secrets / name).read_text(encoding="utf-8").strip()

        def database_url(service: str) -> str:
            return secret(f"{service}_database_url").replace("@postgres:", f"@{address('postgres')}:")

        return cls(
            databases={service.name: database_url(service.name) for service in SERVICES if service.database},
            bank_url=f"http://{address('bank')}:8000",
            bank_api_key=secret("bank_api_key"),
            nats_url=secret("nats_url").replace("@nats:", f"@{address('nats')}:"),
            mail_folder=mail,
        )


class Database:
    """One service's database. All queries of one connection see the same snapshot."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def records(self, make: Callable[..., T], query: LiteralString) -> list[T]:
        """Call `make` with the columns of each row as keyword arguments, and return the results."""
        with self._connection.cursor(row_factory=kwargs_row(make)) as cursor:
            return cursor.execute(query).fetchall()

    def rows(self, query: LiteralString) -> list[tuple[Any, ...]]:
        """The rows as tuples."""
        return self._connection.execute(query).fetchall()

    def values(self, query: LiteralString) -> list[Any]:
        """The values of the first column."""
        return [row[0] for row in self.rows(query)]


@contextmanager
def connect(stores: Stores, service: str) -> Iterator[Database]:
    """Connect to the database of a service, read-only and in one snapshot. Raises StoreError."""
    url = stores.databases[service]
    try:
        with psycopg.connect(url, connect_timeout=5, options=_DATABASE_OPTIONS) as connection:
            connection.read_only = True
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            yield Database(connection)
    except psycopg.Error as error:
        reason, *_ = str(error).strip().splitlines() or [type(error).__name__]
        raise StoreError(f"The database of {service} cannot be read: {reason}") from error


class Bank:
    """The bank's ledger, over the API that its clients use."""

    def __init__(self, session: requests.Session, stores: Stores) -> None:
        self._session = session
        self._url = stores.bank_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {stores.bank_api_key}"}

    def entries(self) -> tuple[Entry, ...]:
        """The whole ledger, oldest entry first. Raises StoreError."""
        found: list[Entry] = []
        after: int | None = 0
        while after is not None:
            page = self._get("/v1/ledger", after=after, pageSize=_MAX_PAGE_SIZE)
            found += map(_entry, page["entries"])
            after = page["nextAfter"]
        return tuple(found)

    def balances(self) -> dict[str, int]:
        """The balance of each account: its credits less its debits. Raises StoreError."""
        accounts: dict[str, int] = self._get("/v1/ledger/balance")["accounts"]
        return accounts

    def _get(self, path: str, **query: int) -> dict[str, Any]:
        try:
            answer = self._session.get(
                self._url + path, params=query, headers=self._headers, timeout=_BANK_TIMEOUT
            )
            answer.raise_for_status()
            body: dict[str, Any] = answer.json()
        except requests.RequestException as error:
            status = "no answer" if error.response is None else f"status {error.response.status_code}"
            raise StoreError(f"The bank's ledger cannot be read: {status}.") from error
        return body


def _entry(entry: dict[str, Any]) -> Entry:
    return Entry(
        position=entry["position"],
        authorization_id=entry["authorizationId"],
        reference=entry["reference"],
        operation=entry["operation"],
        debit=entry["debit"],
        credit=entry["credit"],
        amount_cents=entry["amountCents"],
    )


def dead_letters(nats_url: str) -> dict[str, int]:
    """The number of dead-lettered events of each service. Raises StoreError."""
    try:
        return asyncio.run(_dead_letters(nats_url))
    except (nats.errors.Error, OSError, TimeoutError) as error:
        raise StoreError("The dead letters cannot be counted: NATS does not answer.") from error


async def _dead_letters(nats_url: str) -> dict[str, int]:
    client = await nats.connect(
        nats_url,
        name="audit",
        connect_timeout=_NATS_TIMEOUT,
        allow_reconnect=False,
        max_reconnect_attempts=1,  # limits the first connection, too
        reconnect_time_wait=0,
        error_cb=_ignore,
    )
    try:
        jetstream = client.jetstream(timeout=_NATS_TIMEOUT)
        stream = await jetstream.stream_info(_DEAD_STREAM, subjects_filter=f"{_DEAD_PREFIX}>")
    except NotFoundError:  # no event has been dead-lettered yet
        return {}
    finally:
        await client.close()
    subjects = stream.state.subjects or {}
    return {subject.removeprefix(_DEAD_PREFIX): count for subject, count in subjects.items()}


async def _ignore(_error: Exception) -> None:
    """Log nothing: the failed call raises the error as well."""
