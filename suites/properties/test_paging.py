"""Paging: who walks through a list misses nothing that stays, and sees nothing twice."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from sqlalchemy import text

from reference_app.backend import Backend
from suites.patience import PATIENT
from suites.properties.conftest import ClientOf
from suites.properties.paged_lists import LISTS, NEW_USER, PagedList

TABLES = "pipelines, api_tokens, audit_events, registration_requests"
MOST_WALKS = 3
places = st.integers(0, 9)


@dataclass
class Walk:
    """One way through the list, page by page: which rows must be met, which may be, which were."""

    limit: int
    must_meet: set[int]
    may_meet: set[int]
    met: list[int] = field(default_factory=list)
    cursor: str | None = None


class PagingMachine(RuleBasedStateMachine):
    """A walk meets each row at most once, in order, and each that is there from its first page to its last."""

    def __init__(self, of: PagedList, processes: Sequence[FlaskClient], backend: Backend) -> None:
        super().__init__()
        self.of = of
        self.processes = processes
        self.backend = backend
        self.path = of.parent(processes[0]) + of.path
        self.known: set[int] = set()
        self.rows = self._new_rows()
        self.walks: list[Walk] = []

    @rule(place=places, number=st.integers(1, 3))
    def come(self, place: int, number: int) -> None:
        """Add rows; a walk under way meets those of a list that begins with the oldest, and may meet none of others."""
        for _ in range(number):
            answer = self.of.come(self._process(place), self.path)
            assert answer.status_code // 100 == 2, answer.text
        new = self._new_rows()
        assert new
        self.rows += new
        for walk in self.walks:
            walk.may_meet.update(new)
            walk.must_meet.update(() if self.of.newest_first else new)

    @precondition(lambda self: self.rows and self.of.go)
    @rule(place=places, which=places)
    def go(self, place: int, which: int) -> None:
        """Take a row away, perhaps the one at which a walk is going to continue."""
        row = self.rows.pop(which % len(self.rows))
        answer = self.of.go and self.of.go(self._process(place), row)
        assert answer.status_code // 100 == 2
        for walk in self.walks:
            walk.must_meet.discard(row)

    @precondition(lambda self: len(self.walks) < MOST_WALKS)
    @rule(place=places, limit=st.integers(1, 3))
    def begin(self, place: int, limit: int) -> None:
        """Ask for the first page."""
        self.walks.append(Walk(limit, set(self.rows), set(self.rows)))
        self._turn(self.walks[-1], place)

    @precondition(lambda self: self.walks)
    @rule(place=places, which=places)
    def go_on(self, place: int, which: int) -> None:
        """Ask for the next page of one of the walks, from whichever process."""
        self._turn(self.walks[which % len(self.walks)], place)

    def teardown(self) -> None:
        """Walk all walks to their ends."""
        for walk in list(self.walks):
            while walk in self.walks:
                self._turn(walk, 0)

    def _process(self, place: int) -> FlaskClient:
        return self.processes[place % len(self.processes)]

    def _new_rows(self) -> list[int]:
        """Return the ids that the table did not have before: not every call tells the id of its row."""
        with self.backend.database.engine.connect() as connection:
            found = set(connection.scalars(text(f"SELECT id FROM {self.of.table}")))  # noqa: S608 - a name of ours
        new, self.known = found - self.known, found
        return sorted(new)

    def _turn(self, walk: Walk, place: int) -> None:
        asked = {**self.of.query, "limit": walk.limit} | ({"cursor": walk.cursor} if walk.cursor else {})
        page = self._process(place).get(self.path, query_string=asked).json
        walk.met += [item["id"] for item in page["items"]]
        walk.cursor = page["next_cursor"]
        assert walk.met == sorted(set(walk.met), reverse=self.of.newest_first)
        assert set(walk.met) <= walk.may_meet
        if walk.cursor is None:
            assert walk.must_meet <= set(walk.met)
            self.walks = [other for other in self.walks if other is not walk]


@pytest.mark.timeout(420)
@pytest.mark.parametrize("of", LISTS.values(), ids=LISTS)
def test_each_row_once(of: PagedList, processes: Sequence[Flask], client_of: ClientOf, backend: Backend) -> None:
    """While rows come and go, a list shows each that stays exactly once, and none twice, from whichever process."""
    clients = [client_of(app, "admin") for app in processes]

    def machine() -> PagingMachine:
        with backend.database.engine.begin() as connection:
            connection.execute(text(f"TRUNCATE {TABLES} CASCADE"))
            connection.execute(text(f"DELETE FROM admins WHERE username LIKE '{NEW_USER}%'"))  # noqa: S608 - ours
        backend.cache.forget_everything()
        return PagingMachine(of, clients, backend)

    run_state_machine_as_test(machine, settings=settings(PATIENT, max_examples=of.examples, stateful_step_count=20))
