"""Queries straight to psycopg: SQLAlchemy's connections and results take longer than Postgres does to answer."""

from collections.abc import Callable, Mapping
from typing import Any, Self

import psycopg
from psycopg.rows import RowMaker, dict_row
from sqlalchemy import Connection, SelectBase
from sqlalchemy.dialects.postgresql import psycopg as dialect
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import PoolProxiedConnection

_NOTHING: Mapping[str, object] = {}


class Reader:
    """Asks over a connection of the pool, which is somebody else's to give back."""

    def __init__(self, pooled: PoolProxiedConnection, invalidate: Callable[[BaseException], None]) -> None:
        self.driver: Any = pooled.driver_connection
        """Psycopg's connection."""
        self._invalidate = invalidate

    @classmethod
    def of(cls, connection: Connection) -> Self:
        """Return what asks inside the transaction of a connection of SQLAlchemy's."""
        return cls(connection.connection, connection.invalidate)

    def rows(self, statement: str, values: Mapping[str, object] = _NOTHING) -> list[dict[str, Any]]:
        """Return the rows of a query in psycopg's notation.

        Raises SQLAlchemy's `OperationalError`, as its own queries do when Postgres does not answer in time.
        """
        try:
            rows: list[dict[str, Any]] = self._cursor(statement).execute(statement, values).fetchall()
        except psycopg.OperationalError as error:
            if self.driver.closed:
                self._invalidate(error)
            raise OperationalError(statement, None, error) from error
        return rows

    def _cursor(self, statement: str) -> psycopg.Cursor[dict[str, Any]]:
        """Return the cursor in which the connection had this query before: it knows how to load its columns."""
        cursors: dict[str, psycopg.Cursor[dict[str, Any]]] = self.driver.cursors
        if statement not in cursors:
            cursors[statement] = self.driver.cursor(row_factory=_NamedRows())
        return cursors[statement]


class _NamedRows:
    """Psycopg's `dict_row` for one query: the names of its columns are asked for once."""

    def __init__(self) -> None:
        self._make_row: RowMaker[dict[str, Any]] | None = None

    def __call__(self, cursor: psycopg.Cursor[Any]) -> RowMaker[dict[str, Any]]:
        if self._make_row is None:
            self._make_row = dict_row(cursor)
        return self._make_row


def as_text(query: SelectBase) -> str:
    """Return a query as `rows` takes it: SQLAlchemy takes as long to write one as Postgres to answer it."""
    return str(query.compile(dialect=dialect.dialect()))  # type: ignore[no-untyped-call]
