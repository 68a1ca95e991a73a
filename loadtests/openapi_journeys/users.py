"""The Locust users of journeys that were made of a document. In the engine's process: this module imports Locust."""

import itertools
import random
from collections import defaultdict, deque
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, ClassVar
from uuid import uuid4

from locust import User, constant_pacing, task

from loadtests.client.user import LeanHttpUser
from loadtests.identities import log_in_as
from loadtests.made_journeys import IDEMPOTENCY_KEY, MadeJourney, MadeOperation, Making
from loadtests.openapi_journeys.identifiers import id_of_made
from loadtests.openapi_journeys.rehearsal import for_own

MOST_THINGS = 5  # of a kind, of a user's own: a load that only makes would fill the target


def user_class(name: str, journeys: Sequence[MadeJourney]) -> type[User]:
    """Return the Locust user class of journeys of one name."""
    body = {"turns": itertools.cycle(journeys), "__module__": __name__, "__doc__": f"{name}, made of the document."}
    metaclass: Any = type(MadeUser)
    made: type[User] = metaclass(name, (MadeUser,), body)
    return made


class MadeUser(LeanHttpUser):
    """Sends what was rehearsed; leaves nothing behind where the target has a way to remove it."""

    abstract = True
    wait_time = constant_pacing(1)  # for plain Locust; `python -m loadtests` puts requests on a schedule instead
    turns: ClassVar["itertools.cycle[MadeJourney]"]

    def on_start(self) -> None:
        """Take the next journey of this name, and log in."""
        journey = next(self.turns)
        self.headers = log_in_as(journey.identity, str(self.host)) if journey.identity else {}
        self.operations = journey.operations
        self.weights = [operation.weight for operation in journey.operations]
        self.things: defaultdict[str, deque[str]] = defaultdict(deque)

    def on_stop(self) -> None:
        """Remove what is still there of the user's own."""
        for operation in self.operations:
            while operation.removes and self.things[str(operation.needs)]:
                self.send(operation)

    @task
    def operate(self) -> None:
        """Do one of the operations, by weight."""
        operation = random.choices(self.operations, self.weights)[0]  # noqa: S311 - which one is no secret
        if operation.needs and not self.things[operation.needs]:
            operation = self.maker_of(operation.needs)
        elif operation.makes and len(self.things[operation.makes.kind]) >= MOST_THINGS:
            operation = self.remover_of(operation.makes.kind) or operation
        self.send(operation)

    def send(self, operation: MadeOperation) -> None:
        """Send one of an operation's calls."""
        call = random.choice(operation.calls)  # noqa: S311 - as above
        if operation.needs:
            call = for_own(call, self.things[operation.needs][0])
        headers = {**self.headers, **call.headers}
        if IDEMPOTENCY_KEY in headers:
            headers[IDEMPOTENCY_KEY] = str(uuid4())
        with self.client.request(
            call.method,
            call.path,
            name=operation.template,
            headers=headers,
            data=call.body,
            allow_redirects=False,
            catch_response=True,
        ) as answer:
            if operation.makes and answer.status_code in range(HTTPStatus.OK, HTTPStatus.MULTIPLE_CHOICES):
                self.keep(operation.makes, answer)
        if operation.needs and operation.removes:  # only now: the schedule may end while this waits for its slot
            self.things[operation.needs].popleft()

    def keep(self, making: Making, answer: Any) -> None:
        """Remember what was made: as many as there may be, the oldest are forgotten."""
        body = answer.json() if answer.content else None
        if own := id_of_made(making, body, str(answer.headers.get("Location") or "")):
            self.things[making.kind].append(own)
            if len(self.things[making.kind]) > MOST_THINGS:
                self.things[making.kind].popleft()

    def maker_of(self, kind: str) -> MadeOperation:
        """Return what makes things of a kind."""
        return next(one for one in self.operations if one.makes and one.makes.kind == kind)

    def remover_of(self, kind: str) -> MadeOperation | None:
        """Return what removes things of a kind; None when nothing does."""
        return next((one for one in self.operations if one.removes and one.needs == kind), None)
