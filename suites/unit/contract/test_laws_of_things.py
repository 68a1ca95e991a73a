"""Laws on a small service that keeps things of several owners, sound and with one fault at a time."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from harness.contract_findings import Step
from harness.identities import Header, Identity
from suites.contract.findings.exchange import FILTERED, Answer
from suites.contract.findings.replaying import Caller
from suites.contract.laws.laws import LAWS, apply_laws
from suites.contract.laws.pages import pagings
from suites.contract.laws.trials import Calls, of_version
from suites.contract.laws.whose import equals

ALICE, BOB = (Identity(name=name, fixed_headers=(Header(name="X-Who", value=name),)) for name in ("alice", "bob"))
SIZE = {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1}}
OFFSET = {"name": "offset", "in": "query", "schema": {"type": "integer", "minimum": 0}}
CREATED = {"201": {"headers": {"Location": {"schema": {"type": "string"}}}}}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "paths": {
        "/things": {"get": {"parameters": [SIZE, OFFSET]}, "post": {"responses": CREATED}},
        "/things/{id}": {"get": {}, "put": {}, "delete": {}},
    },
}


def step(method: str, path: str, body: object = None, identity: str = "alice") -> Step:
    text = None if body is None else json.dumps(body)
    return Step(method=method, path=path, headers={"x-who": FILTERED}, identity=identity, body=text)


class Things(Caller):
    """Keeps five things of Alice's and one of Bob's, with the faults that it is given."""

    base_url = "http://127.0.0.1:1"
    has_seed = True

    def __init__(self, *faults: str) -> None:
        self.identities = {"alice": ALICE, "bob": BOB}
        self.peers = ("alice", "bob")
        self._faults = faults
        self.restore()

    def restore(self) -> None:
        """Have the things that there were in the beginning."""
        owners = ["alice"] * 5 + ["bob"]
        self._things = {n: {"id": n, "name": f"thing {n}", "tags": [], "of": owner} for n, owner in enumerate(owners)}
        self._cache: dict[int, dict[str, Any]] = {}

    def call(self, step: Step) -> Answer:
        """Answer."""
        parts = urlsplit(step.path)
        body = json.loads(step.body or "{}")
        if step.identity is None and "is public" not in self._faults:
            return Answer(401, {}, b"")
        if parts.path == "/things":
            return self._create(body, str(step.identity)) if step.method == "POST" else self._list(step, parts.query)
        return self._one(step, int(parts.path.rsplit("/", 1)[1]), body)

    def _list(self, step: Step, query: str) -> Answer:
        asked = {name: int(values[0]) for name, values in parse_qs(query).items()}
        mine = [one for one in self._things.values() if step.identity == one["of"] or "shares" in self._faults]
        first = asked.get("offset", 0)
        first += {"repeats": -1, "loses": 1}.get(self._faults[0] if self._faults else "", 0) if first else 0
        return said(200, {"items": mine[first:][: asked.get("limit", 100)]})

    def _create(self, body: Mapping[str, Any], owner: str) -> Answer:
        n = len(self._things)
        self._things[n] = {**body, "id": n, "of": owner}
        leads = n - 1 if "leads elsewhere" in self._faults else 99 if "leads nowhere" in self._faults else n
        return said(201, self._things[n], location=f"/things/{leads}")

    def _one(self, step: Step, n: int, body: Mapping[str, Any]) -> Answer:
        found = self._things.get(n)
        open_to_all = ("reads all" if step.method == "GET" else "writes all") in self._faults
        if found is None or not (
            step.identity == found["of"] or open_to_all or {"shares", "is public"} & {*self._faults}
        ):
            return Answer(404, {}, b"")
        if step.method == "DELETE":
            del self._things[n]
            return Answer(204, {}, b"")
        if step.method == "PUT" and "name" not in body:
            self._things[n] = found if "loses tags" in self._faults else {**found, **body}
            return said(200, {**found, **body})
        if step.method == "PUT":
            more = found["name"] if "adds up" in self._faults else ""
            self._things[n] = {**found, "name": body["name"] + more}
            return said(200, self._things[n])
        return said(200, self._cache.setdefault(n, found) if "is stale" in self._faults else found)


def said(status: int, body: object, **headers: str) -> Answer:
    return Answer(status, headers, json.dumps(body).encode())


PUT, POST = step("PUT", "/things/0", {"name": "new"}), step("POST", "/things", {"name": "new"})
READ, LIST = step("GET", "/things/0"), step("GET", "/things?limit=1")
DELETE = step("DELETE", "/things/0")


@pytest.mark.parametrize(
    ("law", "call", "faults", "said"),
    [
        ("created_is_there", POST, (), (True, True)),
        ("created_is_there", POST, ("leads nowhere",), (False, True)),
        ("created_is_there", POST, ("leads elsewhere",), (False, True)),
        ("created_is_there", PUT, (), (True, False)),
        ("written_is_read", PUT, (), (True, True)),
        ("written_is_read", PUT, ("is stale",), (False, True)),
        ("written_is_read", PUT, ("adds up",), (True, True)),
        ("put_may_be_repeated", PUT, (), (True, True)),
        ("put_may_be_repeated", PUT, ("adds up",), (False, True)),
        ("pages_add_up", LIST, (), (True, True)),
        ("pages_add_up", LIST, ("repeats",), (False, True)),
        ("pages_add_up", LIST, ("loses",), (False, True)),
        ("hidden_is_unread", READ, (), (True, True)),
        ("hidden_is_unread", READ, ("reads all",), (False, True)),
        ("hidden_is_unread", READ, ("shares",), (True, False)),
        ("hidden_is_unread", READ, ("is public",), (True, False)),
        ("hidden_is_unchanged", PUT, (), (True, True)),
        ("hidden_is_unchanged", PUT, ("writes all",), (False, True)),
        ("hidden_is_unchanged", DELETE, ("writes all",), (False, True)),
        ("hidden_is_unchanged", PUT, ("shares",), (True, False)),
    ],
)
def test_law(law: str, call: Step, faults: tuple[str, ...], said: tuple[bool, bool]) -> None:
    """A sound service keeps each law; the law sees its fault, and says so where it cannot see anything."""
    promise = LAWS[law].bound(DOCUMENT, "GET /things")
    verdict = promise.tried(Calls(valid=(call,)), Things(*faults))
    assert verdict is not None
    assert said == (verdict.kept, verdict.seen)
    assert verdict.kept or promise.length in {None, len(verdict.trial[0])}


@pytest.mark.parametrize(("faults", "kept"), [((), True), (("loses tags",), False)])
def test_every_field(faults: tuple[str, ...], *, kept: bool) -> None:
    """What one field tells of a service another one may not: each is written once."""
    calls = Calls(valid=(PUT, PUT, step("PUT", "/things/0", {"tags": ["new"]})))
    things = Things(*faults)
    verdict = LAWS["written_is_read"].tried(calls, things)
    assert verdict is not None
    assert verdict.kept == kept


@pytest.mark.parametrize(
    ("headers", "seen", "expected"),
    [
        ({"If-Match": '"1"'}, {"etag": '"2"'}, {"If-Match": '"2"'}),
        ({"If-Match": '"1"'}, {}, {"If-Match": '"1"'}),
        ({}, {"etag": '"2"'}, {}),
    ],
)
def test_versions(headers: dict[str, str], seen: dict[str, str], expected: dict[str, str]) -> None:
    """A call that names a version is tried with the one that its thing has."""
    call = Step(method="PUT", path="/things/1", headers=headers)
    assert of_version(call, Answer(200, seen, b"")).headers == expected


def test_offers() -> None:
    """Each law is offered by the operations that it can be tried on."""
    names = ("created_is_there", "written_is_read", "put_may_be_repeated", "pages_add_up", "hidden_is_unread")
    assert {name: list(LAWS[name].offers(DOCUMENT)) for name in names} == {
        "created_is_there": ["POST /things"],
        "written_is_read": ["PUT /things/{id}"],
        "put_may_be_repeated": ["PUT /things/{id}"],
        "pages_add_up": ["GET /things"],
        "hidden_is_unread": ["GET /things/{id}"],
    }
    assert list(LAWS["hidden_is_unchanged"].offers(DOCUMENT)) == ["PUT /things/{id}", "DELETE /things/{id}"]


def listing(*parameters: dict[str, Any], answer: Mapping[str, Any] | None = None) -> dict[str, Any]:
    content = {"application/json": {"schema": answer or {}}}
    operation = {"parameters": list(parameters), "responses": {"200": {"content": content}}}
    return {"openapi": "3.1.0", "paths": {"/things": {"get": operation}}}


def query(name: str, kind: str = "integer", **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": {"type": kind, **more}}


CURSOR = {"properties": {"page": {"properties": {"nextCursor": {"type": ["string", "null"]}}}}}


@pytest.mark.parametrize(
    ("document", "paging"),
    [
        (listing(query("perPage"), query("page", minimum=1)), ("perPage", "page", "2")),
        (listing(query("page_size"), query("page", minimum=0)), ("page_size", "page", "1")),
        (listing(query("limit"), query("skip")), ("limit", "skip", "2")),
        (
            listing(query("limit"), query("cursor", "string"), answer=CURSOR),
            ("limit", "cursor", ("page", "nextCursor")),
        ),
        (
            listing(query("limit"), query("cursor", "string", pattern="^[a-z]{11}$"), answer=CURSOR),
            ("limit", "cursor", ("page", "nextCursor")),
        ),
        (listing(query("limit"), query("page")), None),
        (listing(query("limit", maximum=3), query("skip")), None),
        (listing(query("limit")), None),
        (listing(query("limit"), query("skip"), {**query("of"), "required": True}), None),
    ],
)
def test_pagings(document: dict[str, Any], paging: tuple[object, ...] | None) -> None:
    """How a list is asked for in pages is known by the names and bounds of its parameters, or it is not judged."""
    assert pagings(document).get("GET /things") == paging


def recorded(*calls: tuple[str, str, int]) -> dict[str, Any]:
    """Return the recording of calls: by whom, which path, how answered."""
    return {
        "cases": {
            str(at): {"value": {"method": "GET", "path": path, "auth_identity": who}}
            for at, (who, path, _) in enumerate(calls)
        },
        "interactions": {
            str(at): {"request": {}, "response": {"status_code": status}} for at, (_, _, status) in enumerate(calls)
        },
    }


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ([("alice", "/all", 403), ("bob", "/all", 200)], ("alice",)),
        ([("alice", "/all", 200), ("bob", "/all", 200)], ("alice", "bob")),
        ([("alice", "/all/{id}", 403), ("bob", "/all/{id}", 200)], ("alice", "bob")),
        ([("alice", "/all", 404), ("bob", "/all", 200)], ("alice", "bob")),
    ],
)
def test_equals(calls: list[tuple[str, str, int]], expected: tuple[str, ...]) -> None:
    """Who was let in where another one was refused, whatever the thing, is not his equal."""
    assert equals([("coverage", recorded(*calls))], Things()) == expected


def test_one_user_alone() -> None:
    """Where there are no two users of one rank nobody asks whose a thing is."""
    things = Things()
    things.peers = ("alice",)
    reach, _ = apply_laws(DOCUMENT, [], things)
    assert {"hidden_is_unread", "hidden_is_unchanged"} & {one.law for one in reach} == set()
