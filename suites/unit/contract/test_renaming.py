"""Findings and laws on a service that draws its ids: the same calls make things of other names each time."""

import base64
import itertools
import json

import pytest

from harness.contract_findings import Step
from suites.contract.findings.causes import Cause, Sighting
from suites.contract.findings.exchange import Answer
from suites.contract.findings.renaming import Names
from suites.contract.findings.replaying import Caller, show_again
from suites.contract.findings.shrinking import Shrinker
from suites.contract.laws.laws import LAWS, apply_laws
from suites.contract.laws.trials import made_first

DOCUMENT = {"paths": {"/things": {"post": {}}, "/things/{id}": {"get": {}, "delete": {}}}}


def step(method: str, path: str, body: str | None = None, **headers: str) -> Step:
    return Step(method=method, path=path, headers=headers, body=body)


class Shop(Caller):
    """Makes things, each with an id that no other one ever has, and does not delete them where it `keeps` them."""

    has_seed = True
    base_url = "http://127.0.0.1:1"
    peers = ()

    def __init__(self, *, keeps: bool) -> None:
        self.identities = {}
        self._keeps = keeps
        self._ids = (f"thing-{number}" for number in itertools.count(100_000))
        self._things: set[str] = set()

    def restore(self) -> None:
        """Have nothing."""
        self._things.clear()

    def call(self, step: Step) -> Answer:
        """Answer."""
        if step.method == "POST":
            made = next(self._ids)
            self._things.add(made)
            return Answer(201, {"location": f"/things/{made}"}, json.dumps({"id": made}).encode())
        name = step.path.split("/")[-1]
        known = name in self._things
        if step.method == "DELETE" and not self._keeps:
            self._things.discard(name)
        return Answer({"GET": 200, "DELETE": 204}[step.method] if known else 404, {}, b"")


def used_after_deletion(shop: Shop) -> Cause:
    made = shop.call(step("POST", "/things", "{}"))
    path = made.headers["location"]
    calls = (step("POST", "/things", '{"a": 1}'), step("DELETE", path), step("GET", path))
    answers = (made, *(shop.call(one) for one in calls[1:]))
    sighting = Sighting(steps=calls, answers=answers, chain=(0, 1, 2))
    return Cause(
        operation="DELETE /things/{id}", check="use_after_free", message="", phase="", seen=1, sighting=sighting
    )


def test_shown_again_and_shrunk() -> None:
    """A finding about what an earlier call made is shown again by the new name, and made smaller."""
    shop = Shop(keeps=True)
    cause = used_after_deletion(shop)
    shown = show_again(cause, shop)
    assert shown.again is True
    smallest = Shrinker(DOCUMENT, shop).shrunk(cause, shown, 1)
    (made, *others), answers = smallest.steps, smallest.answers
    assert made.body != '{"a": 1}'
    assert answers[0] is not None
    assert {one.path for one in others} == {answers[0].headers["location"]}


def recording(shop: Shop) -> dict[str, object]:
    """Return what is recorded of a thing that is made and deleted."""
    made = shop.call(step("POST", "/things", "{}"))
    path = made.headers["location"]
    called = {
        "a": ("POST", "/things", "/things", made),
        "b": ("DELETE", "/things/{id}", path, shop.call(step("DELETE", path))),
    }
    cases = {
        key: {"value": {"method": method, "path": template}, "parent_id": "a" if key == "b" else None}
        for key, (method, template, _, _) in called.items()
    }
    interactions = {
        key: {
            "request": {"method": method, "uri": f"http://127.0.0.1{place}", "headers": {}},
            "response": {
                "status_code": answer.status,
                "headers": {name: [value] for name, value in answer.headers.items()},
                "content": {"$base64": base64.b64encode(answer.body).decode()},
            },
        }
        for key, (method, _, place, answer) in called.items()
    }
    return {"cases": cases, "interactions": interactions}


@pytest.mark.parametrize(("keeps", "methods"), [(True, ["POST", "GET", "DELETE", "GET"]), (False, None)])
def test_law(*, keeps: bool, methods: list[str] | None) -> None:
    """A law is tried on what a call made before, where the seed has nothing; its breach is shown again and shrunk."""
    shop = Shop(keeps=keeps)
    reach, broken = apply_laws(DOCUMENT, [("stateful", recording(shop))], shop)
    assert [law.tried for law in reach if law.law == "deleted_is_gone"] == [("DELETE /things/{id}",)]
    assert [[one.method for one in cause.sighting.steps] for cause in broken] == ([methods] if methods else [])
    for cause in broken:
        shown = show_again(cause, shop)
        assert shown.again is True
        assert [one.method for one in Shrinker(DOCUMENT, shop).shrunk(cause, shown, 1).steps] == methods


def test_making_that_fails() -> None:
    """Where what a call needs cannot be made any more, a law says nothing, though a thing of that name is there."""
    shop = Shop(keeps=True)
    made = shop.call(step("POST", "/things", "{}"))
    law = made_first(LAWS["deleted_is_gone"].law, ((step("GET", "/things/none"), made),))
    assert law(step("DELETE", made.headers["location"]), shop) is None


def test_lengths() -> None:
    """Each law says how many calls a try of it takes, or that this differs."""
    assert {name: promise.length for name, promise in LAWS.items()} == {
        "deleted_is_gone": 3,
        "second_writer_is_refused": 4,
        "key_has_one_effect": 2,
        "failed_creation_leaves_nothing": None,
        "created_is_there": 2,
        "written_is_read": 3,
        "put_may_be_repeated": 4,
        "pages_add_up": None,
        "hidden_is_unread": None,
        "hidden_is_unchanged": None,
    }


BEFORE = Answer(
    200, {"etag": '"v-123"', "location": "/a/one%20two/"}, b'{"id": "abcdef", "n": 1, "in": [{"no": 1234567}]}'
)
NOW = Answer(
    200, {"etag": '"v-456"', "location": "/a/two%20one/"}, b'{"id": "fedcba", "n": 2, "in": [{"no": 7654321}]}'
)


@pytest.mark.parametrize(
    ("was", "told"),
    [
        (step("GET", "/abcdef/1?x=abcdef"), step("GET", "/fedcba/1?x=fedcba")),
        (step("PUT", "/", '{"of": 1234567, "n": 1}'), step("PUT", "/", '{"of": 7654321, "n": 1}')),
        (
            step("PUT", "/", None, Match='"v-123"', Key="[Filtered]"),
            step("PUT", "/", None, Match='"v-456"', Key="[Filtered]"),
        ),
        (step("GET", "/b/one%20two"), step("GET", "/b/two%20one")),
    ],
    ids=["path", "body", "header", "location"],
)
def test_names(was: Step, told: Step) -> None:
    """What an answer names otherwise than before is named so in the path, the headers and the body of later calls."""
    names = Names()
    names.learn(BEFORE, NOW)
    assert names.told(was) == told


@pytest.mark.parametrize("body", [b"", b"\xff", b"[" * 100_000, b'["other"]', b'{"id": 7}'])
def test_nothing_to_learn(body: bytes) -> None:
    """Answers that have nothing in common, or cannot be read, teach no names."""
    names, was = Names(), step("GET", "/abcdef")
    names.learn(Answer(200, {}, b'{"id": "abcdef"}'), Answer(200, {}, body))
    names.learn(None, NOW)
    assert names.told(was) == was
