"""The live-log follower: watches a deployment's log as it is written, over server-sent events."""

import time
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import gevent
from gevent.lock import BoundedSemaphore
from locust import constant_pacing, task

from loadtests.client.user import LeanHttpUser
from loadtests.identities import log_in_ordinary_user

PIPELINE = "/api/pipelines/{id}"
STREAM = f"{PIPELINE}/logs/stream"
MOST_STREAMS = 1  # from one process of ours: one of the app's serves two, and both of two may land there
FOLLOW_S = 2.0  # a reader who has seen the news goes away
PARTING_S = 1.5  # the app notices that a reader has gone when it next writes: after a second at most

_places = BoundedSemaphore(MOST_STREAMS)


class LiveLogFollower(LeanHttpUser):
    """Writes a line to the log of a pipeline of its own, and follows that log from the line before.

    The time of the stream's request is that to its first event. Each stream keeps a thread of the app, which refuses
    more than a few: however many users there are, only so many streams are open; who finds no place only writes.
    """

    wait_time = constant_pacing(4)  # for plain Locust; `python -m loadtests` puts requests on a schedule instead

    def on_start(self) -> None:
        """Log in, and make the pipeline."""
        self.headers = log_in_ordinary_user(str(self.host))
        creating = {**self.headers, "Idempotency-Key": str(uuid4())}
        body = {"name": "load-test of a log", "branch": "main"}
        made = self.client.post("/api/pipelines", headers=creating, json=body)
        self.path = f"/api/pipelines/{made.json()['id']}"
        self.seen = 0

    def on_stop(self) -> None:
        """Delete the pipeline, and its log with it."""
        self.client.delete(self.path, name=PIPELINE, headers=self.headers)

    @task
    def write_and_follow(self) -> None:
        """Write a line, and be told of it."""
        line = {"level": "info", "message": "deployed by the load test"}
        self.client.post(f"{self.path}/logs", name=f"{PIPELINE}/logs", headers=self.headers, json=line)
        if _places.acquire(blocking=False):
            ended = False
            try:
                ended = self.follow()
            finally:
                gevent.spawn_later(0 if ended else PARTING_S, _places.release)

    def follow(self) -> bool:
        """Follow the log until the stream ends or `FOLLOW_S` are over; return whether it has ended."""
        following = {**self.headers, "Last-Event-ID": str(self.seen)}
        ended = False
        with self.client.get(
            f"{self.path}/logs/stream", name=STREAM, headers=following, stream=True, catch_response=True
        ) as answer:
            if answer.status_code == HTTPStatus.OK:
                ended = self.read(answer)
                answer.close()
        return ended

    def read(self, answer: Any) -> bool:
        """Read the stream; its time becomes that of the first event, without which it is a failure."""
        opened_s = time.perf_counter()
        told = False
        for event, identity in _events(answer.iter_content()):
            now_s = time.perf_counter()
            if event == "log":
                if not told:
                    answer.request_meta["response_time"] += (now_s - opened_s) * 1000
                told, self.seen = True, int(identity)
            if now_s - opened_s > FOLLOW_S:
                break
        else:
            self._judge(answer, told=told)
            return True
        self._judge(answer, told=told)
        return False

    def _judge(self, answer: Any, *, told: bool) -> None:
        if not told:
            answer.failure("the stream told nothing of the line that had been written")


def _events(chunks: Iterable[bytes]) -> Iterator[tuple[str, str]]:
    """Yield the name and id of each event, and two empty texts at each comment: its reader may have had enough.

    https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
    """
    fields: dict[str, str] = {}
    for line in _lines(chunks):
        name, _, value = line.partition(":")
        if name:
            fields[name] = value.removeprefix(" ")
        elif fields or line:
            yield fields.get("event", ""), fields.get("id", "")
            fields = {}


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    rest = b""
    for chunk in chunks:
        rest += chunk
        *lines, rest = rest.split(b"\n")
        yield from (line.decode(errors="replace").rstrip("\r") for line in lines)
