"""What every table's repository can do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from psycopg.errors import UniqueViolation
from sqlalchemy import Select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from reference_app.models.base import IdentifiedBase

Row = TypeVar("Row", bound=IdentifiedBase)
Item = TypeVar("Item", bound=Any)


class DuplicateError(Exception):
    """A row with this unique value exists; `constraint` is the name of the rule it met."""

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint


@dataclass(frozen=True)
class Page(Generic[Item]):
    """One page of a list, and the id to continue after (None on the last page)."""

    items: Sequence[Item]
    next_after: int | None


class Repository(Generic[Row]):
    """Rows of one table inside one transaction, which is the caller's to commit."""

    model: type[Row]

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, identity: int) -> Row | None:
        """Return the row with this id."""
        return self._session.get(self.model, identity)

    def add(self, row: Row) -> Row:
        """Insert `row`; `DuplicateError` when a unique value is taken."""
        self._session.add(row)
        self._flush()
        return row

    def append(self, row: Row) -> None:
        """Insert `row` when the transaction is next written; nothing of it is read back before."""
        self._session.add(row)

    def save(self) -> None:
        """Write the changes made to rows that came from here; `DuplicateError` as in `add`."""
        self._flush()

    def delete(self, row: Row) -> None:
        """Delete `row` and what the schema lets go with it."""
        self._session.delete(row)
        self._flush()

    def _flush(self) -> None:
        try:
            self._session.flush()
        except IntegrityError as error:
            if isinstance(error.orig, UniqueViolation):
                raise DuplicateError(error.orig.diag.constraint_name or "") from error
            raise

    def _page(self, query: Select[Row], limit: int) -> Page[Row]:
        """Run `query` for one row more than `limit`: its presence says that a page follows."""
        return cut_page(self._session.scalars(query.limit(limit + 1)).all(), limit)


def cut_page(rows: Sequence[Item], limit: int) -> Page[Item]:
    """Return the page of `rows`, which has one more than `limit` where a page follows; all have an `id`."""
    items = rows[:limit]
    return Page(items, items[-1].id if len(rows) > limit else None)
