"""Optimistic concurrency: who changes what somebody else has changed meanwhile is told so."""

from collections.abc import Sequence

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from suites.integration.reference_app.calls import create
from suites.patience import PATIENT
from suites.properties.conftest import ClientOf

people = st.sampled_from(["alice at home", "alice at work", "admin"])
places = st.integers(0, 1)


class VersionMachine(RuleBasedStateMachine):
    """Each acknowledged change builds on the one before it: what its client had read was the present version.

    The pipeline's description counts its changes; whoever overwrote one unseen would make the count too small.
    """

    def __init__(self, processes: Sequence[dict[str, FlaskClient]]) -> None:
        super().__init__()
        self.processes = processes
        created = create(processes[0]["alice at home"], description="0")
        self.path, self.tag = created.headers["Location"], created.headers["ETag"]
        self.acknowledged = 0
        self.known = dict.fromkeys(processes[0], (self.tag, 0))

    @rule(person=people, place=places)
    def read(self, person: str, place: int) -> None:
        """Read the present version, from whichever process."""
        answer = self.processes[place][person].get(self.path)
        assert (answer.status_code, answer.headers["ETag"]) == (200, self.tag)
        self.known[person] = (self.tag, int(answer.json["description"]))

    @rule(person=people, place=places, status=st.none() | st.sampled_from(["queued", "running"]))
    def count_on(self, person: str, place: int, status: str | None) -> None:
        """Add one to what was read; it is done if nobody was faster, and else refused."""
        tag, count = self.known[person]
        changes = {"description": str(count + 1)} | ({"status": status} if status and count == 0 else {})
        answer = self.processes[place][person].patch(self.path, json=changes, headers={"If-Match": tag})
        assert answer.status_code == (200 if tag == self.tag else 412)
        if answer.status_code == 200:
            self.acknowledged, self.tag = self.acknowledged + 1, answer.headers["ETag"]
            assert self.known[person][0] != self.tag
            self.known[person] = (self.tag, count + 1)

    @rule(person=people, place=places, deletes=st.booleans())
    def name_it_weakly(self, person: str, place: int, *, deletes: bool) -> None:
        """Name the present version weakly, and an old one strongly: nothing happens."""
        client, headers = self.processes[place][person], {"If-Match": f'W/{self.tag}, "99999"'}
        if deletes:
            answer = client.delete(self.path, headers=headers)
        else:
            answer = client.patch(self.path, json={"description": "lost"}, headers=headers)
        assert answer.status_code == 412

    @rule(person=people, place=places)
    def say_nothing(self, person: str, place: int) -> None:
        """Change without naming any version: it is refused."""
        answer = self.processes[place][person].patch(self.path, json={"description": "lost"})
        assert answer.status_code == 428

    @invariant()
    def nothing_is_lost(self) -> None:
        """Every process shows all acknowledged changes, under the last version's tag."""
        for process in self.processes:
            answer = process["admin"].get(self.path)
            assert (answer.json["description"], answer.headers["ETag"]) == (str(self.acknowledged), self.tag)


@pytest.mark.timeout(420)
def test_no_update_is_lost(processes: Sequence[Flask], client_of: ClientOf) -> None:
    """However clients of two processes read and change, each acknowledged change builds on the one before it."""
    clients = [
        {person: client_of(app, person.split()[0]) for person in ("alice at home", "alice at work", "admin")}
        for app in processes
    ]
    run_state_machine_as_test(
        lambda: VersionMachine(clients), settings=settings(PATIENT, max_examples=20, stateful_step_count=20)
    )
