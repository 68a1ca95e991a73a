"""Idempotency: what is sent again happens once."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from harness.wait import wait_for
from reference_app.api.authentication import EXTENSION
from reference_app.backend import Backend
from reference_app.models import Pipeline, PipelineStatus
from suites.patience import PATIENT
from suites.properties.conftest import ClientOf

Body = dict[str, Any]
Call = tuple[str, str]
"""A user and a key of theirs."""
_run_ids = count(1)
calls = st.tuples(st.sampled_from(["alice", "bob"]), st.sampled_from(["first", "second"]))
bodies = st.sampled_from([{"name": "build"}, {"name": "test"}])
places = st.integers(0, 1)


@dataclass
class InFlight:
    """An attempt that waits, with its key locked, for a run_id that somebody else may be about to take."""

    call: Call
    body: Body
    answer: Future[TestResponse]
    blocker: Session


class IdempotencyMachine(RuleBasedStateMachine):
    """Each key has one effect: the first attempt's that was not refused. All later ones get that one's answer."""

    def __init__(self, clients: Sequence[dict[str, FlaskClient]], threads: ThreadPoolExecutor) -> None:
        super().__init__()
        self.clients = clients
        self.threads = threads
        self.backend: Backend = clients[0]["alice"].application.extensions[EXTENSION]
        self.effects: dict[Call, tuple[Body, TestResponse]] = {}
        self.strangers = 0
        self.in_flight: InFlight | None = None
        with self.backend.database.engine.begin() as connection:
            connection.execute(text("TRUNCATE pipelines, idempotency_records CASCADE"))

    @rule(call=calls, body=bodies, place=places)
    def attempt(self, call: Call, body: Body, place: int) -> None:
        """Send a call: 409 while another attempt is under way, 422 for another body, else the one answer."""
        answer = self._send(self.clients[place], call, body)
        if self.in_flight is not None and self.in_flight.call == call:
            assert answer.status_code == 409
        elif call not in self.effects:
            self._has_effect(call, body, answer)
        elif self.effects[call][0] != body:
            assert answer.status_code == 422
        else:
            self._is_replay(self.effects[call][1], answer)

    @precondition(lambda self: self.in_flight is None and len(self.effects) < 4)
    @rule(call=calls, body=bodies, place=places)
    def attempt_slowly(self, call: Call, body: Body, place: int) -> None:
        """Begin an attempt that does not end yet: somebody else has inserted its run_id, and not committed."""
        if call in self.effects:
            return
        blocker = self.backend.database.sessions()
        run_id = next(_run_ids)
        owner_id = blocker.scalar(text("SELECT id FROM admins WHERE username = 'admin'"))
        status = PipelineStatus.QUEUED
        blocker.add(Pipeline(name="of somebody else", branch="main", status=status, owner_id=owner_id, run_id=run_id))
        blocker.flush()
        body = {**body, "run_id": run_id}
        answer = self.threads.submit(self._send, self.clients[place], call, body)
        self.in_flight = InFlight(call, body, answer, blocker)
        wait_for(self._is_waiting, what="an attempt that waits", timeout_s=60)

    @precondition(lambda self: self.in_flight is not None)
    @rule(taken=st.booleans())
    def let_it_end(self, *, taken: bool) -> None:
        """Let the attempt end: with its effect; or, when the run_id is taken for good, with none and a free key."""
        under_way, self.in_flight = self.in_flight, None
        assert under_way is not None
        with under_way.blocker as blocker:
            if taken:
                blocker.commit()
            else:
                blocker.rollback()
        answer = under_way.answer.result(120)
        if taken:
            self.strangers += 1
            assert answer.status_code == 409
        else:
            self._has_effect(under_way.call, under_way.body, answer)

    @invariant()
    def one_effect_per_key(self) -> None:
        """There are as many pipelines as keys that had an effect, and those of others."""
        with self.backend.database.engine.connect() as connection:
            there_are = connection.scalar(text("SELECT count(*) FROM pipelines"))
        assert there_are == len(self.effects) + self.strangers

    def teardown(self) -> None:
        """Leave nobody waiting."""
        if self.in_flight is not None:
            self.let_it_end(taken=False)

    def _send(self, clients: dict[str, FlaskClient], call: Call, body: Body) -> TestResponse:
        user, key = call
        return clients[user].post("/api/pipelines", json=body, headers={"Idempotency-Key": key})

    def _is_waiting(self) -> bool:
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        with self.backend.database.engine.connect() as connection:
            return connection.scalar(text(waiting)) == 1

    def _has_effect(self, call: Call, body: Body, answer: TestResponse) -> None:
        assert (answer.status_code, "Idempotency-Replayed" in answer.headers) == (201, False)
        self.effects[call] = (body, answer)

    def _is_replay(self, first: TestResponse, answer: TestResponse) -> None:
        assert (answer.status_code, answer.headers["Idempotency-Replayed"]) == (201, "true")
        assert (answer.data, answer.headers["Location"]) == (first.data, first.headers["Location"])


@pytest.mark.timeout(420)
def test_one_effect_per_key(processes: Sequence[Flask], client_of: ClientOf) -> None:
    """Whatever attempts come, at once or later, with the same body or another, each key has one effect."""
    clients = [{user: client_of(app, user) for user in ("alice", "bob")} for app in processes]
    with ThreadPoolExecutor(1) as threads:
        run_state_machine_as_test(
            lambda: IdempotencyMachine(clients, threads),
            settings=settings(PATIENT, max_examples=20, stateful_step_count=15),
        )
