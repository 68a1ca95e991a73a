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
from suites.integration.reference_app.calls import new_key
from suites.patience import PATIENT
from suites.properties.conftest import ClientOf

BODIES = {
    "/api/pipelines": {"name": "build"},
    "/api/tokens": {"name": "token", "scopes": ["pipelines:read"], "expires_in_days": 1},
}
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
    """A walk meets each row at most once, newest first, and each that is there from its first page to its last."""

    def __init__(self, path: str, processes: Sequence[FlaskClient]) -> None:
        super().__init__()
        self.path = path
        self.processes = processes
        self.rows: list[int] = []
        self.walks: list[Walk] = []

    @rule(place=places, number=st.integers(1, 3))
    def come(self, place: int, number: int) -> None:
        """Add rows; a walk under way need not meet them, because they are newer than where it is."""
        for _ in range(number):
            made = self._process(place).post(self.path, json=BODIES[self.path], headers=new_key())
            self.rows.append(made.json["id"])
        for walk in self.walks:
            walk.may_meet.update(self.rows)

    @precondition(lambda self: self.rows)
    @rule(place=places, which=places)
    def go(self, place: int, which: int) -> None:
        """Delete a row, perhaps the one at which a walk is going to continue."""
        row = self.rows.pop(which % len(self.rows))
        assert self._process(place).delete(f"{self.path}/{row}").status_code == 204
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

    def _turn(self, walk: Walk, place: int) -> None:
        asked = {"limit": walk.limit} | ({"cursor": walk.cursor} if walk.cursor else {})
        page = self._process(place).get(self.path, query_string=asked).json
        walk.met += [item["id"] for item in page["items"]]
        walk.cursor = page["next_cursor"]
        assert walk.met == sorted(set(walk.met), reverse=True)
        assert set(walk.met) <= walk.may_meet
        if walk.cursor is None:
            assert walk.must_meet <= set(walk.met)
            self.walks = [other for other in self.walks if other is not walk]


@pytest.mark.timeout(420)
@pytest.mark.parametrize("path", BODIES)
def test_each_row_once(path: str, processes: Sequence[Flask], client_of: ClientOf, backend: Backend) -> None:
    """While rows come and go, a list shows each that stays exactly once, and none twice, from whichever process."""
    clients = [client_of(app, "alice") for app in processes]

    def machine() -> PagingMachine:
        with backend.database.engine.begin() as connection:
            connection.execute(text("TRUNCATE pipelines, api_tokens CASCADE"))
        backend.cache.forget_everything()
        return PagingMachine(path, clients)

    run_state_machine_as_test(machine, settings=settings(PATIENT, max_examples=20, stateful_step_count=20))
