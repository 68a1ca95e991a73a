"""The statements that the application sends, for tests of how many they are."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from psycopg import Cursor

from reference_app.database_connection import BoundedConnection


@contextmanager
def noted_statements() -> Iterator[list[str]]:
    """Collect what the applications of this process send meanwhile, in their order.

    The process has other connections: the pool of test databases makes and drops some behind every test's back.
    """
    statements: list[str] = []
    execute = Cursor.execute

    def note(cursor: Cursor[Any], statement: Any, *rest: Any, **more: Any) -> Cursor[Any]:
        if isinstance(cursor.connection, BoundedConnection):
            statements.append(str(statement))
        return execute(cursor, statement, *rest, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Cursor, "execute", note)
        yield statements
