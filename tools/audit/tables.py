"""Reads the services' databases, each in one snapshot and with that service's own role."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, LiteralString, TypeVar

import psycopg
from psycopg.rows import kwargs_row

from tools.audit.errors import CannotRead
from tools.audit.stores import Stores

T = TypeVar("T")
_OPTIONS = "-c statement_timeout=60s"


class Tables:
    """One database as it stood at one moment."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def rows(self, make: Callable[..., T], query: LiteralString) -> list[T]:
        """What `make` makes of each row; it is given the row's columns by name."""
        with self._connection.cursor(row_factory=kwargs_row(make)) as cursor:
            return cursor.execute(query).fetchall()

    def lines(self, query: LiteralString) -> list[tuple[Any, ...]]:
        """The rows as they are."""
        return self._connection.execute(query).fetchall()

    def values(self, query: LiteralString) -> list[Any]:
        """The first column."""
        return [row[0] for row in self.lines(query)]


@contextmanager
def tables_of(service: str, stores: Stores) -> Iterator[Tables]:
    """The tables of a service. Raises CannotRead."""
    try:
        with psycopg.connect(stores.databases[service], connect_timeout=5, options=_OPTIONS) as connection:
            connection.read_only = True
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            yield Tables(connection)
    except psycopg.Error as error:
        reason, *_ = str(error).strip().splitlines() or [type(error).__name__]
        raise CannotRead(f"The database of {service} cannot be read: {reason}") from error
