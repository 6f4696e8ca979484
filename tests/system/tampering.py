"""Change a service's database directly for the length of a block, and restore it exactly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row
from psycopg.sql import SQL, Composed, Identifier
from psycopg.types.json import Jsonb

Row = dict[str, Any]


@dataclass(frozen=True)
class Table:
    """A table of the database at `url`. A row is identified by the values of some of its columns."""

    url: str
    name: str

    @contextmanager
    def changed(self, row: Row, **columns: Any) -> Iterator[None]:
        """Change columns of a row."""
        (before,) = self._run("SELECT * FROM {table} WHERE {row}", row)
        self._update(row, columns)
        try:
            yield
        finally:
            now = {column: columns.get(column, value) for column, value in row.items()}
            self._update(now, {column: before[column] for column in columns})

    @contextmanager
    def without(self, row: Row) -> Iterator[None]:
        """Delete a row."""
        (taken,) = self._run("DELETE FROM {table} AS t WHERE {row} RETURNING to_jsonb(t) AS whole", row)
        try:
            yield
        finally:
            self._insert(taken["whole"])

    @contextmanager
    def with_another(self, row: Row, **columns: Any) -> Iterator[None]:
        """Insert a copy of a row with other values in some columns."""
        (model,) = self._run("SELECT to_jsonb(t) AS whole FROM {table} AS t WHERE {row}", row)
        self._insert({**model["whole"], **columns})
        try:
            yield
        finally:
            self._run("DELETE FROM {table} WHERE {row} RETURNING 1", columns)

    def value(self, column: str, row: Row) -> Any:
        """Return the value of a column of a row."""
        return self._run("SELECT * FROM {table} WHERE {row}", row)[0][column]

    def _insert(self, whole: Row) -> None:
        filled = "SELECT * FROM jsonb_populate_record(NULL::{table}, %(whole)s)"
        self._run(
            "INSERT INTO {table} OVERRIDING SYSTEM VALUE " + filled + " RETURNING 1", {}, whole=Jsonb(whole)
        )

    def _update(self, row: Row, columns: Row) -> None:
        self._run("UPDATE {table} SET {columns} WHERE {row} RETURNING 1", row, columns)

    def _run(
        self, statement: LiteralString, row: Row, columns: Row | None = None, **values: Any
    ) -> list[Row]:
        whole = SQL(statement).format(
            table=Identifier(self.name), row=_equal(row, " AND "), columns=_equal(columns or {}, ", ")
        )
        with psycopg.connect(self.url, row_factory=dict_row) as connection:
            found = connection.execute(whole, values).fetchall()
        assert found, "there is no such row"
        return found


def _equal(columns: Row, between: LiteralString) -> Composed:
    return SQL(between).join(
        SQL("{} = {}").format(Identifier(name), value) for name, value in columns.items()
    )
