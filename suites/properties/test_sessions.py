"""Sessions: one that has ended is dead everywhere, for ever."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings as with_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from redis import Redis
from werkzeug.test import TestResponse

from reference_app.api.authentication import EXTENSION
from reference_app.backend import Backend
from reference_app.models import Role
from reference_app.settings import Settings
from suites.integration.reference_app.conftest import Auth
from suites.patience import PATIENT

USERS = ("first", "second")
STEP_S = 200
IDLE_S, ABSOLUTE_S = 500, 700
"""No number of steps comes near to either: what the machine itself takes decides nothing."""
_numbers = count(1)
places = st.integers(0, 19)
users = st.sampled_from(USERS)


class SessionMachine(RuleBasedStateMachine):
    """A token lets its user in from login until something ends the session, in all processes, and then never again.

    What ends one: its logout, a login that replaces it, the end of "all others", of one by its id, of all by an admin,
    a change of the user's role or password, and time: without use for so long, or since the login however much it is
    used.
    """

    def __init__(self, processes: Sequence[FlaskClient], backend: Backend, redis: Redis, admin: str) -> None:
        super().__init__()
        self.processes = processes
        self.backend = backend
        self.redis = redis
        self.admin = admin
        self.names = {user: f"{user}-{next(_numbers)}" for user in USERS}
        self.passwords = dict.fromkeys(USERS, "a long enough password")
        self.roles = dict.fromkeys(USERS, Role.MEMBER)
        with backend.work() as work:
            self.ids = {
                user: work.accounts.create(self.names[user], self.passwords[user], Role.MEMBER).id for user in USERS
            }
        self.users: dict[str, str] = {}
        """Who got which token, in the order of the logins."""
        self.alive: set[str] = set()
        self.ages_s: dict[str, int] = {}

    @initialize(place=places)
    def begin(self, place: int) -> None:
        """Have sessions to begin with: most of what can happen needs some."""
        for user in (*USERS, *USERS):
            self.log_in(user=user, place=place)

    @rule(user=users, place=places)
    def log_in(self, user: str, place: int) -> None:
        """Begin a session; the others live on."""
        self._begin(user, place, "none")

    @rule(user=users, place=places, which=places)
    def log_in_instead(self, user: str, place: int, which: int) -> None:
        """Log in with a session: that ends, whosever it is."""
        replaced = self._token(which)
        self._begin(user, place, f"Bearer {replaced}")
        self.alive.discard(replaced)

    @rule(place=places, which=places)
    def log_out(self, place: int, which: int) -> None:
        """End a session, or try it with one that has ended."""
        token = self._token(which)
        assert self._ask(place, "POST", "/api/auth/logout", token).status_code == self._if_alive(token, 204)
        self.alive.discard(token)

    @precondition(lambda self: self.alive)
    @rule(place=places, which=places)
    def end_others(self, place: int, which: int) -> None:
        """End all others of the user's, if the session with which that is asked lives itself."""
        token = self._token(which)
        answer = self._ask(place, "DELETE", "/api/auth/sessions", token)
        assert answer.status_code == self._if_alive(token, 204)
        if token in self.alive:
            self._end_all(self.users[token], but=token)

    @rule(place=places, which=places, other=places)
    def end_by_id(self, place: int, which: int, other: int) -> None:
        """End a session by its id: one of the user's own that lives; nobody else's."""
        token, ended = self._token(which), self._token(other)
        path = f"/api/auth/sessions/{self.backend.shared.sessions.id_of(ended)}"
        answer = self._ask(place, "DELETE", path, token)
        is_own = ended in self.alive and self.users[ended] == self.users[token]
        assert answer.status_code == self._if_alive(token, 204 if is_own else 404)
        if token in self.alive and is_own:
            self.alive.discard(ended)

    @precondition(lambda self: self.alive)
    @rule(place=places, which=places)
    def change_password(self, place: int, which: int) -> None:
        """Change the password: the session with which that is done lives on, and no other."""
        token = self._token(which)
        user, new = self.users[token], f"another long password {next(_numbers)}"
        body = {"current_password": self.passwords[user], "new_password": new}
        answer = self._ask(place, "PUT", "/api/auth/password", token, json=body)
        assert answer.status_code == self._if_alive(token, 204)
        if token in self.alive:
            self.passwords[user] = new
            self._end_all(user, but=token)

    @precondition(lambda self: self.alive)
    @rule(user=users, place=places)
    def admin_ends_all(self, user: str, place: int) -> None:
        """Let an admin end all sessions of a user."""
        path = f"/api/users/{self.ids[user]}/sessions"
        assert self._ask(place, "DELETE", path, self.admin).status_code == 204
        self._end_all(user)

    @precondition(lambda self: self.alive)
    @rule(user=users, place=places, role=st.sampled_from(Role))
    def admin_gives_role(self, user: str, place: int, role: Role) -> None:
        """Let an admin give a user a role: if it is another, all sessions end."""
        answer = self._ask(place, "PATCH", f"/api/users/{self.ids[user]}", self.admin, json={"role": role})
        assert answer.status_code == 200
        if role is not self.roles[user]:
            self.roles[user] = role
            self._end_all(user)

    @precondition(lambda self: self.alive)
    @rule(steps=st.integers(1, 3))
    def nobody_does_anything(self, steps: int) -> None:
        """Let time pass at one go."""
        self._let_pass(steps)

    @precondition(lambda self: self.alive)
    @rule(steps=st.integers(2, 5))
    def all_are_in_use(self, steps: int) -> None:
        """Let time pass in which each session is used again and again."""
        for _ in range(steps):
            self._let_pass(1)
            self.only_the_living_enter()

    @invariant()
    def only_the_living_enter(self) -> None:
        """Every process lets in who is alive, under the right name, and nobody else who ever was."""
        for place in range(len(self.processes)):
            for token, user in self.users.items():
                answer = self._ask(place, "GET", "/api/auth/me", token)
                assert answer.status_code == self._if_alive(token, 200)
                assert token not in self.alive or answer.json["user"]["username"] == self.names[user]

    def _ask(self, place: int, method: str, path: str, token: str, **more: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {token}"}
        return self.processes[place % len(self.processes)].open(path, method=method, headers=headers, **more)

    def _token(self, which: int) -> str:
        return list(self.users)[which % len(self.users)]

    def _if_alive(self, token: str, status: int) -> int:
        return status if token in self.alive else 401

    def _begin(self, user: str, place: int, authorization: str) -> None:
        client = self.processes[place % len(self.processes)]
        body = {"username": self.names[user], "password": self.passwords[user]}
        answer = client.post("/api/auth/login", json=body, headers={"Authorization": authorization})
        token = answer.json["token"]
        assert token not in self.users
        self.users[token] = user
        self.ages_s[token] = 0
        self.alive.add(token)

    def _let_pass(self, steps: int) -> None:
        """Make sessions that much older: all that is kept of one is in Redis."""
        by = timedelta(seconds=steps * STEP_S)
        for token in self.users:
            self.ages_s[token] += steps * STEP_S
            self._make_older(f"session:{self.backend.shared.sessions.id_of(token)}", by)
            if by.total_seconds() > IDLE_S or self.ages_s[token] > ABSOLUTE_S:
                self.alive.discard(token)

    def _make_older(self, key: str, by: timedelta) -> None:
        """Do to a session in Redis what time does."""
        stored, left = self.redis.get(key), timedelta(milliseconds=self.redis.pttl(key))
        if stored is None:
            return
        fields = json.loads(stored)
        for name in ("created_at", "expires_at"):
            fields[name] = (datetime.fromisoformat(fields[name]) - by).isoformat()
        if left > by:
            self.redis.set(key, json.dumps(fields), px=left - by)
        else:
            self.redis.delete(key)

    def _end_all(self, user: str, but: str | None = None) -> None:
        self.alive -= {token for token, owner in self.users.items() if owner == user and token != but}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Return settings in which sessions end by themselves after times that the model knows."""
    return settings.model_copy(update={"session_idle_s": IDLE_S, "session_absolute_s": ABSOLUTE_S})


@pytest.mark.timeout(420)
def test_ended_sessions_are_dead(processes: Sequence[Flask], auth: Auth, redis: Redis) -> None:
    """In whatever order sessions begin and end, in all processes a token is good exactly while its session lives."""
    backend: Backend = processes[0].extensions[EXTENSION]
    clients, admin = [app.test_client() for app in processes], auth.login("admin")
    run_state_machine_as_test(
        lambda: SessionMachine(clients, backend, redis, admin),
        settings=with_settings(PATIENT, max_examples=10, stateful_step_count=15),
    )
