"""Cases that are made on purpose: which calls go before them, who sends them, and what they provoke."""

from collections.abc import Mapping
from typing import Any

import pytest
import requests
import schemathesis
from schemathesis import Case, Response
from schemathesis.generation import GenerationMode

from suites.contract.fuzzing.chains import Chains, Links
from suites.contract.fuzzing.directed import Directed
from suites.contract.fuzzing.edges import LONGER_THAN_READ
from suites.contract.fuzzing.senders import Senders
from suites.contract.reach.goals import goals, operations
from suites.contract.reach.schemas import Schemas

NAME = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string", "enum": ["a", "b"]}}}
BODY = {"required": True, "content": {"application/json": {"schema": NAME}}}
KEY = {"name": "Idempotency-Key", "in": "header", "required": True, "schema": {"type": "string", "minLength": 1}}
MATCH = {"name": "If-Match", "in": "header", "schema": {"type": "string"}}
LIMIT = {"name": "limit", "in": "query", "schema": {"type": "integer"}}
ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
MADE = {"operationId": "change", "parameters": {"id": "$response.body#/id", "If-Match": "$response.header.ETag"}}


def said(*statuses: str, **links: Any) -> dict[str, Any]:
    return {status: {"description": "said", **({"links": links} if links else {})} for status in statuses}


def things(*statuses: str) -> Any:
    make = {"parameters": [KEY, LIMIT], "requestBody": BODY, "responses": said("201", change=MADE)}
    change = {"operationId": "change", "parameters": [MATCH], "requestBody": BODY, "responses": said("200", *statuses)}
    paths = {"/things": {"post": make}, "/things/{id}": {"parameters": [ID], "patch": change}}
    return schemathesis.openapi.from_dict(
        {"openapi": "3.1.0", "info": {"title": "things", "version": "1"}, "paths": paths}
    )


def directed(schema: Any, path: str, method: str, chains: Chains | None = None) -> list[Case[Any]]:
    schemas = Schemas(schema.raw_schema)
    documented = next(one for one in operations(schemas) if one.name == f"{method} {path}")
    left = [goal for goal in goals(documented, schemas) if goal.missing.dimension == "enums"]
    makes = Directed(chains or Chains(), Senders())
    return makes.cases(schema[path][method], schemas, documented, [], left)


def answer(status: int, headers: Mapping[str, str], content: bytes = b"{}") -> Response:
    listed = {name: [value] for name, value in {"Content-Type": "application/json", **headers}.items()}
    return Response(status, listed, content, requests.Request("GET", "http://127.0.0.1/").prepare(), 0.0, verify=False)


def test_a_call_goes_before_those_that_need_what_it_makes() -> None:
    """What a link leads from is called once, and all that follow take what its answer says, by the link."""
    chains = Chains()
    lead, *followers = directed(things(), "/things/{id}", "PATCH", chains)
    assert (lead.method, lead.path, chains.leads(lead)) == ("POST", "/things", True)
    assert {(one.method, one.path, chains.leads(one)) for one in followers} == {("PATCH", "/things/{id}", False)}
    chains.note(lead, answer(201, {"ETag": '"1"'}, b'{"id": 7}'))
    for one in followers:
        chains.fill(one)
        assert (one.path_parameters["id"], one.headers["If-Match"]) == (7, '"1"')


def test_a_change_is_followed_by_changes_of_what_it_made() -> None:
    """When an answer names a new version, the next call has that one."""
    chains = Chains()
    lead, first, second, *_ = directed(things(), "/things/{id}", "PATCH", chains)
    chains.note(lead, answer(201, {"ETag": '"1"'}, b'{"id": 7}'))
    chains.note(first, answer(200, {"ETag": '"2"'}))
    chains.fill(second)
    assert second.headers["If-Match"] == '"2"'


def test_an_answer_that_the_link_is_not_of_fills_nothing() -> None:
    """Where the call before was refused, the others are sent as they were made."""
    chains = Chains()
    lead, follower, *_ = directed(things(), "/things/{id}", "PATCH", chains)
    before = dict(follower.path_parameters)
    chains.note(lead, answer(422, {}, b'{"id": 7}'))
    chains.fill(follower)
    assert (dict(follower.path_parameters), "If-Match" in follower.headers) == (before, False)


def test_links_lead_from_what_makes_something_new() -> None:
    """An operation that needs nothing has no way to it; one with a path has the links of the document."""
    schema = things()
    links = Links(schema)
    assert links.way_to(schema["/things"]["POST"]) == []
    assert [link.source.label for link in links.way_to(schema["/things/{id}"]["PATCH"])] == ["POST /things"]


def test_values_at_edges_are_sent_in_a_valid_call() -> None:
    """Each value that is left is put into the valid body, once, and is judged as valid where the schema allows it."""
    made = directed(things(), "/things", "POST")
    assert {str(one.body) for one in made[:2]} == {"{'name': 'a'}", "{'name': 'b'}"}
    assert [one.meta.generation.mode for one in made[:2] if one.meta] == [GenerationMode.POSITIVE] * 2


def test_made_calls_leave_out_what_is_not_required() -> None:
    """The simplest call has the best chance; and each has an idempotency key of its own."""
    made = directed(things(), "/things", "POST")
    assert [dict(one.query) for one in made] == [{}] * len(made)
    assert len({one.headers["Idempotency-Key"] for one in made}) == len(made) > 1


@pytest.mark.parametrize(
    ("status", "what", "told"),
    [
        ("400", lambda one: one.body, b"{"),
        ("412", lambda one: one.headers.get("If-Match"), '"0"'),
        ("414", lambda one: len(one.query.get("_", "")), LONGER_THAN_READ),
        ("422", lambda one: dict(one.query), {"_": "1"}),
    ],
)
def test_a_documented_status_is_provoked(status: str, what: Any, told: object) -> None:
    """By a call that nobody expects to be accepted; a document without the status gets none."""
    assert told not in [what(one) for one in directed(things(), "/things/{id}", "PATCH")]
    provoking = [one for one in directed(things(status), "/things/{id}", "PATCH") if what(one) == told]
    assert [one.meta for one in provoking] == [None]


def test_what_a_call_provokes_with_is_not_filled_by_a_link() -> None:
    """A version that nobody has stays what it is."""
    chains = Chains()
    lead, *followers = directed(things("412"), "/things/{id}", "PATCH", chains)
    chains.note(lead, answer(201, {"ETag": '"1"'}, b'{"id": 7}'))
    for one in followers:
        chains.fill(one)
    assert [one.headers["If-Match"] for one in followers].count('"0"') == 1


def test_a_conflict_is_provoked_by_the_same_call_again() -> None:
    """Three times in all, each judged as valid."""
    plain, twice = (len(directed(things(*more), "/things/{id}", "PATCH")) for more in ((), ("409",)))
    assert twice - plain == len(["once", "again"])
