"""The statements that Postgres is sent, for tests of how many they are."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from psycopg import Cursor


@contextmanager
def noted_statements() -> Iterator[list[str]]:
    """Collect what this process sends meanwhile, in its order."""
    statements: list[str] = []
    execute = Cursor.execute

    def note(cursor: Cursor[Any], statement: Any, *rest: Any, **more: Any) -> Cursor[Any]:
        statements.append(str(statement))
        return execute(cursor, statement, *rest, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Cursor, "execute", note)
        yield statements
