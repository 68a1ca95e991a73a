"""A creation that failed leaves nothing behind; the target is a list here."""

import json
from collections.abc import Callable

import pytest

from harness.contract_findings import Step
from harness.identities import Header, Identity
from suites.contract.findings.causes import Cause, Sighting
from suites.contract.findings.exchange import Answer
from suites.contract.findings.replaying import Caller, show_again
from suites.contract.laws.failed_creations import (
    BLIND,
    failed_creation_leaves_nothing,
    try_creations,
)
from suites.contract.laws.offers import creates_in_a_list
from suites.contract.laws.trials import Calls

ADMIN = Identity(name="admin", fixed_headers=(Header(name="X-Key", value="k"),))


def post(body: str, path: str = "/things") -> Step:
    return Step(method="POST", path=path, headers={}, body=body)


VALID, BAD, WORSE = post('"thing"'), post("0"), post("{}")
Things = list[str]
Service = Callable[[Step, Things], Answer]


class Shop(Caller):
    """Answers as a function of the request and a list, which is empty again after each restoration."""

    has_seed = True

    def __init__(self, service: Service) -> None:
        self.identities = {"admin": ADMIN}
        self._service = service
        self._things: Things = []
        self.restores = 0

    def restore(self) -> None:
        """Empty the list."""
        self.restores += 1
        self._things.clear()

    def call(self, step: Step) -> Answer:
        """Answer."""
        return self._service(step, self._things)


def shown(things: object) -> Answer:
    return Answer(200, {}, json.dumps(things).encode())


def sound(step: Step, things: Things) -> Answer:
    """Keep texts, and nothing else."""
    if step.method == "GET":
        return shown(things)
    if step.body != VALID.body:
        return Answer(422, {}, b"")
    things.append("thing")
    return Answer(201, {}, b"")


def leaky(step: Step, things: Things) -> Answer:
    """Refuse an object, and keep it."""
    if step.body == WORSE.body:
        things.append("half")
    return sound(step, things)


def test_offers() -> None:
    """Who creates where a list shows what there is offers the law."""
    made, done = {"responses": {"201": {}}}, {"responses": {"200": {}}}
    paths = {
        "/things": {"get": {}, "post": made},
        "/things/{id}": {"get": {}, "post": made},
        "/hidden": {"post": made},
        "/searches": {"get": {}, "post": done},
    }
    assert list(creates_in_a_list({"paths": paths})) == ["POST /things"]


def test_kept() -> None:
    """Where nothing is left and the list shows what is created, the law is kept, on one fresh target."""
    shop = Shop(sound)
    verdict = try_creations(Calls(valid=(VALID,), refused=(BAD, WORSE)), shop)
    assert verdict is not None
    assert (verdict.kept, verdict.seen, shop.restores) == (True, True, 1)


def test_broken() -> None:
    """The one refused call that leaves something is found among the others, and shown by itself."""
    verdict = try_creations(Calls(valid=(VALID,), refused=(BAD, WORSE)), Shop(leaky))
    assert verdict is not None
    steps, _answers = verdict.trial
    assert (verdict.kept, [step.body for step in steps]) == (False, [None, WORSE.body, None])


def test_broken_together() -> None:
    """What only several refused calls leave is shown by all of them."""

    def third_time(step: Step, things: Things) -> Answer:
        if step.method == "GET":
            return shown(things[2:])
        things.append("tried")
        return Answer(422, {}, b"")

    verdict = try_creations(Calls(valid=(VALID,), refused=(BAD, WORSE, post("1"))), Shop(third_time))
    assert verdict is not None
    assert (verdict.kept, len(verdict.trial[0])) == (False, 5)


def blind(step: Step, things: Things) -> Answer:
    return shown([]) if step.method == "GET" else sound(step, things)


def test_blind() -> None:
    """A list that does not show what was created could not have shown a breach."""
    verdict = try_creations(Calls(valid=(VALID,), refused=(BAD,)), Shop(blind))
    assert verdict is not None
    assert (verdict.kept, verdict.seen) == (True, False)


def restless(step: Step, things: Things) -> Answer:
    things.append("looked at")
    return sound(step, things)


def closed(step: Step, things: Things) -> Answer:
    return Answer(403, {}, b"") if step.method == "GET" else sound(step, things)


@pytest.mark.parametrize("service", [restless, closed])
def test_cannot_be_told(service: Service) -> None:
    """A list that changes by itself, or that nobody may see, could not have shown a breach."""
    assert try_creations(Calls(valid=(VALID,), refused=(BAD,)), Shop(service)) == BLIND
    assert failed_creation_leaves_nothing(BAD, Shop(service)) is None


def test_nothing_to_try() -> None:
    """Nothing is said without a call that is refused, or without one that succeeded."""
    assert try_creations(Calls(refused=(BAD,)), Shop(sound)) is None
    assert try_creations(Calls(valid=(VALID,)), Shop(sound)) is None


def test_place() -> None:
    """A call that was refused elsewhere is tried where a valid one went; one that is not refused there is left out."""
    elsewhere = (post('"thing"', "/others?x=1"), post("{}", "/others?x=1"))
    shop = Shop(leaky)
    verdict = try_creations(Calls(valid=(VALID,), refused=elsewhere), shop)
    assert verdict is not None
    assert (verdict.kept, [step.path for step in verdict.trial[0]]) == (False, ["/things", "/things?x=1", "/things"])


def unique(step: Step, things: Things) -> Answer:
    """Refuse what is there already; keep half of it all the same."""
    body = step.body or ""
    if step.method == "GET":
        return shown(things)
    things.append(f"half of {body}" if body in things else body)
    return Answer(409 if things[-1] != body else 201, {}, b"")


def test_state() -> None:
    """A call that is refused only after another one is tried after that one."""
    twice = (post("1", "/things?first=1"), post("1"))
    verdict = try_creations(Calls(valid=(VALID,), refused=twice), Shop(unique))
    assert verdict is not None
    assert (verdict.kept, [step.method for step in verdict.trial[0]]) == (False, ["POST", "GET", "POST", "GET"])


def test_looker() -> None:
    """Where whoever creates may not see the list, somebody who may looks."""

    def private(step: Step, things: Things) -> Answer:
        return closed(step, things) if step.identity is None and step.method == "GET" else leaky(step, things)

    verdict = try_creations(Calls(valid=(VALID,), refused=(WORSE,)), Shop(private))
    assert verdict is not None
    look, *_ = verdict.trial[0]
    assert (verdict.kept, look.identity, look.headers) == (False, "admin", {"x-key": "[Filtered]"})


def test_call_that_succeeds_now() -> None:
    """A call that was refused once and is not any more says nothing itself, and goes before the first look."""
    assert failed_creation_leaves_nothing(VALID, Shop(sound)) is None
    verdict = try_creations(Calls(valid=(VALID,), refused=(VALID, BAD)), Shop(sound))
    assert verdict is not None
    assert (verdict.kept, [step.method for step in verdict.trial[0]]) == (True, ["POST", "GET", "POST", "GET"])


@pytest.mark.parametrize(("service", "again"), [(leaky, True), (sound, False)])
def test_shown_again(service: Service, *, again: bool) -> None:
    """The breach is shown again only where the list is another one again, though all answers are of the same kinds."""
    look = Step(method="GET", path="/things", headers={})
    steps, answers = (look, WORSE, look), (shown(["a"]), Answer(422, {}, b""), shown(["a", "half"]))
    sighting = Sighting(steps=steps, answers=answers, chain=(0, 1, 2))
    cause = Cause(
        operation="POST /things",
        check="failed_creation_leaves_nothing",
        message="",
        phase="laws",
        seen=1,
        sighting=sighting,
    )

    def stocked(step: Step, things: Things) -> Answer:
        return service(step, things) if step.method == "POST" else shown(["b", *things])

    assert show_again(cause, Shop(stocked)).again is again


def nested(step: Step, things: Things) -> Answer:
    """Keep things of the first owner, and know no other one."""
    return leaky(step, things) if step.path.startswith("/owners/1/") else Answer(404, {}, b"")


@pytest.mark.parametrize(
    ("paths", "kept"), [(["/owners/7/things", "/owners/1/things"], False), (["/owners/7/things"], True)]
)
def test_place_of_the_seed(paths: list[str], *, kept: bool) -> None:
    """Where something was created below what an earlier call had made, another place is tried, which the seed has."""
    valid = tuple(post(str(VALID.body), path) for path in paths)
    verdict = try_creations(Calls(valid=valid, refused=(WORSE,)), Shop(nested))
    assert verdict is not None
    assert (verdict.kept, verdict.seen) == (kept, not kept)
