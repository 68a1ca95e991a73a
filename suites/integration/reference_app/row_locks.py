"""Transactions that wait for a row, so that tests can say who comes first."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from harness.wait import wait_for
from reference_app.backend import Backend

_WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


@contextmanager
def row_locked(backend: Backend, statement: str) -> Iterator[Session]:
    """Give a transaction that holds what `statement` locks; it commits at the end."""
    with backend.database.transaction() as session:
        session.execute(text(statement))
        yield session


def start_waiting(backend: Backend, pool: ThreadPoolExecutor, *calls: Callable[[], Any]) -> list[Future[Any]]:
    """Start the calls, and return when each of them waits for a lock."""
    futures = [pool.submit(call) for call in calls]
    wait_for(lambda: waiting(backend) == len(calls), what="all calls wait for the lock", timeout_s=60)
    return futures


def waiting(backend: Backend) -> int:
    """Return how many wait for a lock in this test's database."""
    with backend.database.transaction() as session:
        return session.scalars(_WAITING).one()
