"""The Locust users of a replay. In the engine's process: this module imports Locust."""

import itertools
from typing import Any, ClassVar
from uuid import uuid4

from locust import User, constant_pacing, task

from loadtests.client.user import LeanHttpUser
from loadtests.identities import log_in_as
from loadtests.made_journeys import IDEMPOTENCY_KEY, ReplayedRequest, ReplayJourney
from loadtests.replay.things import is_as_recorded, thing_made


def user_class(journey: ReplayJourney) -> type[User]:
    """Return the Locust user class of a replay."""
    identities = {one.identity for sequence in journey.sequences for one in sequence if one.identity is not None}
    body = {
        "turns": itertools.cycle(journey.sequences),
        "identities": sorted(identities),
        "__module__": __name__,
        "__doc__": f"{journey.name}, of what was recorded.",
    }
    metaclass: Any = type(ReplayUser)
    made: type[User] = metaclass(journey.name, (ReplayUser,), body)
    return made


class ReplayUser(LeanHttpUser):
    """Sends what was recorded, one sequence after the other, and expects what was answered then."""

    abstract = True
    wait_time = constant_pacing(1)  # for plain Locust; `python -m loadtests` puts requests on a schedule instead
    turns: ClassVar["itertools.cycle[tuple[ReplayedRequest, ...]]"]
    identities: ClassVar[list[str]]

    def on_start(self) -> None:
        """Log in as everybody who had credentials."""
        self.sessions = {name: log_in_as(name, str(self.host)) for name in self.identities}

    @task
    def replay(self) -> None:
        """Send the next sequence, in its order."""
        things: dict[str, str] = {}
        for recorded in next(self.turns):
            self.send(recorded, things)

    def send(self, recorded: ReplayedRequest, things: dict[str, str]) -> None:
        """Send one request; `things` are the paths of what was made, by the paths that were recorded."""
        call, path = recorded.call, recorded.call.path
        if recorded.of is not None:
            path = things.get(recorded.of, recorded.of) + path.removeprefix(recorded.of)
        headers = {**call.headers, **(self.sessions[recorded.identity] if recorded.identity else {})}
        if IDEMPOTENCY_KEY in headers:
            headers[IDEMPOTENCY_KEY] = str(uuid4())
        self.client.cookies.clear()  # they may be another identity's
        with self.client.request(
            call.method,
            path,
            name=recorded.template,
            headers=headers,
            data=call.body,
            allow_redirects=False,
            catch_response=True,
        ) as answer:
            self.judge(recorded, answer)
            if recorded.made is not None and answer.content:
                location = str(answer.headers.get("Location") or "")
                made = thing_made(call.method, path, answer.status_code, location, answer.content)
                things[recorded.made] = made or recorded.made

    @staticmethod
    def judge(recorded: ReplayedRequest, answer: Any) -> None:
        """Compare an answer with the one that was recorded; where none came, that is the failure."""
        if not answer.status_code:
            return
        if is_as_recorded(answer.status_code, recorded.status):
            answer.success()
        else:
            answer.failure(f"answered {answer.status_code}, recorded {recorded.status or 'no answer'}")
