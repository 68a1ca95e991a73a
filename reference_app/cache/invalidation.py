"""Invalidates by itself: every transaction that changes a pipeline tells the cache, whoever wrote it.

Before the commit, while the rows are locked, floors keep older versions of the changed pipelines from being
served or kept; after it, collections are made anew. Between the two nobody can be shown a mixture that they
could not have been shown by Postgres itself.
"""

from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction, UOWTransaction, sessionmaker

from reference_app.cache.interface import GONE, Cache
from reference_app.models import Pipeline

_CHANGED = "changed_pipelines"
_DELETED = "deleted_pipelines"
_MANY = "changed_many_pipelines"
"""Under these names a session remembers: rows (dict by id), ids (set), and whether a statement named no ids."""


class Invalidation:
    """Listens to the sessions of one application."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def watch(self, sessions: "sessionmaker[Session]") -> None:
        """Invalidate what transactions of these sessions change."""
        event.listen(sessions, "after_flush", _note_flushed)
        event.listen(sessions, "do_orm_execute", _note_statement)
        event.listen(sessions, "before_commit", self._before_commit)
        event.listen(sessions, "after_commit", self._after_commit)
        event.listen(sessions, "after_transaction_end", _forget_notes)

    def _before_commit(self, session: Session) -> None:
        if session.in_nested_transaction():
            return
        session.flush()  # SQLAlchemy would, but only after this
        floors = {identity: row.version for identity, row in session.info.get(_CHANGED, {}).items()}
        floors |= dict.fromkeys(session.info.get(_DELETED, ()), GONE)
        if floors:
            self._cache.raise_floors(floors)

    def _after_commit(self, session: Session) -> None:
        if session.in_nested_transaction():
            return
        if session.info.get(_MANY):
            self._cache.forget_everything()
        elif session.info.get(_CHANGED) is not None or session.info.get(_DELETED):
            self._cache.forget_collections()


def _note_flushed(session: Session, _context: UOWTransaction) -> None:
    for row in session.dirty:
        if isinstance(row, Pipeline):
            session.info.setdefault(_CHANGED, {})[row.id] = row
    for row in session.deleted:
        if isinstance(row, Pipeline):
            session.info.setdefault(_DELETED, set()).add(row.id)
    if any(isinstance(row, Pipeline) for row in session.new):
        session.info.setdefault(_CHANGED, {})  # a new row needs no floor: nothing older can have been kept


def _note_statement(state: ORMExecuteState) -> None:
    changes = state.is_insert or state.is_update or state.is_delete
    if changes and state.bind_mapper is not None and state.bind_mapper.class_ is Pipeline:
        state.session.info[_MANY] = True


def _forget_notes(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        notes: dict[Any, Any] = session.info
        for name in (_CHANGED, _DELETED, _MANY):
            notes.pop(name, None)
