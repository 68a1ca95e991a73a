"""Queries straight to psycopg: SQLAlchemy's connections and results take longer than Postgres does to answer."""

from collections.abc import Callable, Mapping
from typing import Any, Self

import psycopg
from psycopg.rows import dict_row
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
            rows: list[dict[str, Any]] = self.driver.cursor(row_factory=dict_row).execute(statement, values).fetchall()
        except psycopg.OperationalError as error:
            if self.driver.closed:
                self._invalidate(error)
            raise OperationalError(statement, None, error) from error
        return rows


def as_text(query: SelectBase) -> str:
    """Return a query as `rows` takes it: SQLAlchemy takes as long to write one as Postgres to answer it."""
    return str(query.compile(dialect=dialect.dialect()))  # type: ignore[no-untyped-call]
