"""What was acknowledged is there: also when a worker process dies in the middle of everybody's work."""

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from harness.wait import wait_for
from suites.integration.reference_app.conftest import Auth
from suites.integration.reference_app.server import Server
from suites.properties.history_players import Place
from suites.properties.http_client import Answer, HttpClient, NoAnswerError, ask_once

CLIENTS, PIPELINES, LINES = 4, 12, 4
PATH = "/api/pipelines"
IN_FLIGHT = 409


@dataclass
class Writer:
    """One client: it sends each write with a key, and again with the same key until it is answered."""

    name: str
    http: HttpClient
    pipelines: dict[int, str] = field(default_factory=dict)
    """Their names, by the ids that were acknowledged."""
    lines: dict[int, list[int]] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)

    def work(self, done: threading.Semaphore) -> None:
        """Make pipelines with log lines, give each another name, and delete every fourth."""
        for number in range(PIPELINES):
            made = self.create(PATH, {"name": f"{self.name}, {number}"}, f"{self.name}-{number}")
            self.pipelines[made["id"]] = made["name"]
            logs = f"{PATH}/{made['id']}/logs"
            keys = [f"{self.name}-{number}-{line}" for line in range(LINES)]
            self.lines[made["id"]] = [self.create(logs, {"message": key}, key)["id"] for key in keys]
            self._change(made["id"], number)
            done.release()

    def create(self, path: str, body: dict[str, Any], key: str) -> Any:
        """Make something, however often that must be asked for; return it."""
        answer = self._until_answered("POST", path, body, Idempotency_Key=key)
        assert answer.status == 201, answer
        return answer.body

    def _change(self, identity: int, number: int) -> None:
        path = f"{PATH}/{identity}"
        if number % 4 == 3:
            answer = self._until_answered("DELETE", path)
            assert answer.status in {204, 404}, answer  # 404: done by an attempt that was not answered
            self.deleted.add(identity)
        else:
            name = f"{self.name}, {number}, renamed"
            answer = self._until_answered("PATCH", path, {"name": name}, If_Match="*")
            assert answer.status == 200, answer
            self.pipelines[identity] = name

    def _until_answered(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        def attempt() -> Answer | None:
            answer = self.http.ask(method, path, body, **headers)
            return None if answer.status == IN_FLIGHT else answer

        return wait_for(attempt, what=f"an answer to {method} {path}", timeout_s=120, transient=(NoAnswerError,))


def walk(place: Place, path: str) -> Iterator[dict[str, Any]]:
    """Yield all rows of a list, page by page."""
    cursor = ""
    while cursor is not None:
        page = ask_once(place.port, place.token, f"{path}?limit=7{cursor and '&cursor=' + cursor}").body
        yield from page["items"]
        cursor = page["next_cursor"]


def workers_of(server: Server) -> list[int]:
    """Return the processes that answer requests."""
    pid = server.process.pid
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def write_all(place: Place, meanwhile: Callable[[], None]) -> list[Writer]:
    """Let all writers work at once; do something `meanwhile`, when a third is done."""
    done = threading.Semaphore(0)
    with ExitStack() as stack:
        clients = [stack.enter_context(HttpClient(place.port, place.token)) for _ in range(CLIENTS)]
        writers = [Writer(f"writer-{number}", client) for number, client in enumerate(clients)]
        threads = stack.enter_context(ThreadPoolExecutor(CLIENTS))
        works = [threads.submit(writer.work, done) for writer in writers]
        for _ in range(CLIENTS * PIPELINES // 3):
            assert done.acquire(timeout=120)
        meanwhile()
        for work in works:
            work.result(240)
    return writers


def check_all_there(place: Place, writers: Sequence[Writer]) -> None:
    """Look for all that was acknowledged, and for nothing more."""
    shown = [(row["id"], row["name"]) for row in walk(place, PATH)]
    written = [(identity, name) for each in writers for identity, name in each.pipelines.items()]
    deleted = {identity for each in writers for identity in each.deleted}
    assert Counter(shown) == Counter(each for each in written if each[0] not in deleted)
    for identity, lines in [item for each in writers for item in each.lines.items()]:
        if identity not in deleted:
            assert [row["id"] for row in walk(place, f"{PATH}/{identity}/logs")] == lines


def test_worker_dies(serve: Callable[..., Server], auth: Auth) -> None:
    """A worker of two is killed while four clients write: all that was acknowledged is there once, nothing else is."""
    server = serve(WEB_CONCURRENCY="2")
    place, killed = Place(server.port, auth.login("alice")), workers_of(server)[0]
    writers = write_all(place, lambda: os.kill(killed, signal.SIGKILL))
    assert all(len(writer.pipelines) == PIPELINES for writer in writers)
    check_all_there(place, writers)


def test_planted_fault_is_found(serve: Callable[..., Server], auth: Auth) -> None:
    """A server that forgets what it has acknowledged is found."""
    server = serve(WEB_CONCURRENCY="2", application="suites.specimens.faults:application", FAULT="lost_write")
    place = Place(server.port, auth.login("alice"))
    with HttpClient(place.port, place.token) as client:
        writer = Writer("writer", client)
        made = [writer.create(PATH, {"name": f"{number}"}, f"{number}") for number in range(6)]
        writer.pipelines = {each["id"]: each["name"] for each in made}
    with pytest.raises(AssertionError):
        check_all_there(place, [writer])
