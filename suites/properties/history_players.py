"""Clients that read and change one pipeline at once over HTTP, and write down what each was answered, and when."""

import math
import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum, auto
from itertools import chain
from threading import Barrier
from uuid import uuid4

from suites.properties.http_client import Answer, HttpClient, NoAnswerError
from suites.properties.register_operations import Changed, Operation, Read, Refused, Register, Unanswered

START = Register(1, "start")
TOGETHER_S = 120


class Step(StrEnum):
    """What a client does next: read, change the version that it read last, or change whatever there is."""

    READ = auto()
    CHANGE = auto()
    OVERWRITE = auto()


@dataclass(frozen=True)
class Place:
    """Where a server listens, and a user's token there."""

    port: int
    token: str


def make_plans(chance: random.Random, clients: int, steps: int) -> list[list[Step]]:
    """Return what each client will do, beginning with reading and changing, all at once."""
    rest = [Step.READ, Step.READ, Step.CHANGE, Step.CHANGE, Step.OVERWRITE]
    return [[Step.READ, Step.CHANGE, *chance.choices(rest, k=steps - 3), Step.READ] for _ in range(clients)]


def make_register(place: Place) -> str:
    """Make a pipeline whose name is the register's value; return its path."""
    with HttpClient(place.port, place.token) as client:
        made = client.ask("POST", "/api/pipelines", {"name": START.value}, Idempotency_Key=uuid4().hex)
    assert (made.status, made.tag) == (201, f'"{START.version}"')
    return f"/api/pipelines/{made.body['id']}"


def play(place: Place, path: str, plans: Sequence[Sequence[Step]]) -> list[Operation]:
    """Let all clients do what they plan at once; return the history."""
    together = Barrier(len(plans))

    def one(number: int) -> list[Operation]:
        with HttpClient(place.port, place.token) as http:
            player = Player(f"client {number}", http, path)
            first, *others = plans[number]
            together.wait(TOGETHER_S)
            player.take(first)
            together.wait(TOGETHER_S)  # all know the first version before anybody changes it
            for step in others:
                player.take(step)
            return player.history

    with ThreadPoolExecutor(len(plans)) as threads:
        return list(chain.from_iterable(threads.map(one, range(len(plans)))))


class Player:
    """One client, who never waits between its operations."""

    def __init__(self, name: str, http: HttpClient, path: str) -> None:
        self.name = name
        self.history: list[Operation] = []
        self._http = http
        self._path = path
        self._known = START.version

    def take(self, step: Step) -> None:
        """Do one step, and write it down."""
        if step is Step.READ:
            self._read()
        else:
            self._change(self._known if step is Step.CHANGE else None)

    def _read(self) -> None:
        called_s = time.monotonic()
        try:
            answer = self._http.ask("GET", self._path)
        except NoAnswerError:
            return  # a read that was not answered says nothing
        answered_s = time.monotonic()
        assert answer.status == 200, answer
        self._known = _version(answer)
        self.history.append(Read(self.name, called_s, answered_s, Register(self._known, answer.body["name"])))

    def _change(self, expected: int | None) -> None:
        value = f"{self.name}'s {len(self.history) + 1}."
        condition = "*" if expected is None else f'"{expected}"'
        called_s = time.monotonic()
        try:
            answer = self._http.ask("PATCH", self._path, {"name": value}, If_Match=condition)
        except NoAnswerError:
            self.history.append(Unanswered(self.name, called_s, math.inf, expected, value))
            return
        answered_s = time.monotonic()
        if answer.status == 412 and expected is not None:
            self.history.append(Refused(self.name, called_s, answered_s, expected))
            return
        assert (answer.status, answer.body["name"]) == (200, value), answer
        self._known = _version(answer)
        self.history.append(Changed(self.name, called_s, answered_s, expected, value, self._known))


def _version(answer: Answer) -> int:
    assert answer.tag is not None
    return int(answer.tag.strip('"'))
