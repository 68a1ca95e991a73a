"""The statements that Postgres is sent, for tests of how many they are."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from reference_app.backend import Backend


@contextmanager
def statements_of(backend: Backend) -> Iterator[list[str]]:
    """Collect what is sent meanwhile, in its order."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(backend.database.autocommit_engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(backend.database.autocommit_engine, "before_cursor_execute", note)
