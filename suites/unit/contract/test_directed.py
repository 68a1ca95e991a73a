"""Cases that are made on purpose: which calls go before them, who sends them, and what they provoke."""

from collections.abc import Mapping
from typing import Any

import pytest
import requests
import schemathesis
from schemathesis import Case, Response

from suites.contract.fuzzing.chains import Chains
from suites.contract.fuzzing.directed import Directed
from suites.contract.fuzzing.links import Links
from suites.contract.fuzzing.odd_values import TEXTS
from suites.contract.fuzzing.provoked import LONGER_THAN_READ
from suites.contract.fuzzing.senders import Senders
from suites.contract.reach.goals import operations
from suites.contract.reach.schemas import Schemas

NAME = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string", "enum": ["a", "b"]}}}
BODY = {"required": True, "content": {"application/json": {"schema": NAME}}}
KEY = {"name": "Idempotency-Key", "in": "header", "required": True, "schema": {"type": "string", "minLength": 1}}
MATCH = {"name": "If-Match", "in": "header", "schema": {"type": "string"}}
LIMIT = {"name": "limit", "in": "query", "schema": {"type": "integer"}}
LIST = {"type": "array", "minItems": 1, "items": {"type": "integer"}}
ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
MADE = {"operationId": "change", "parameters": {"id": "$response.body#/id", "If-Match": "$response.header.ETag"}}


def said(*statuses: str, **links: Any) -> dict[str, Any]:
    return {status: {"description": "said", **({"links": links} if links else {})} for status in statuses}


def things(*statuses: str, link: Mapping[str, Any] = MADE) -> Any:
    make = {"parameters": [KEY, LIMIT], "requestBody": BODY, "responses": said("201", change=link)}
    change = {"operationId": "change", "parameters": [MATCH], "requestBody": BODY, "responses": said("200", *statuses)}
    paths = {"/things": {"post": make}, "/things/{id}": {"parameters": [ID], "patch": change}}
    return schemathesis.openapi.from_dict(
        {"openapi": "3.1.0", "info": {"title": "things", "version": "1"}, "paths": paths}
    )


def directed(schema: Any, path: str, method: str, chains: Chains | None = None) -> list[Case[Any]]:
    schemas = Schemas(schema.raw_schema)
    documented = next(one for one in operations(schemas) if one.name == f"{method} {path}")
    return Directed(chains or Chains(), Senders()).cases(schema[path][method], schemas, documented)


class Sent(Senders):
    """Takes down who sends what."""

    def __init__(self) -> None:
        super().__init__()
        self.by: dict[str, str] = {}

    @staticmethod
    def others(_operation: Any) -> list[str]:
        """Return the identities of an auth file but its first."""
        return ["bob", "carol"]

    def send_as(self, case: Case[Any], identity: str) -> None:
        """Take it down."""
        self.by[case.id] = identity


def answer(status: int, headers: Mapping[str, str], content: bytes = b"{}") -> Response:
    listed = {name: [value] for name, value in {"Content-Type": "application/json", **headers}.items()}
    return Response(status, listed, content, requests.Request("GET", "http://127.0.0.1/").prepare(), 0.0, verify=False)


def test_a_call_goes_before_those_that_need_what_it_makes() -> None:
    """What a link leads from is called once, and all that follow take what its answer says, but what they are about."""
    chains = Chains()
    lead, *followers = directed(things(), "/things/{id}", "PATCH", chains)
    assert (lead.method, lead.path, chains.place_of(lead)) == ("POST", "/things", "PATCH /things/{id}")
    assert {(one.method, one.path) for one in followers} == {("PATCH", "/things/{id}")}
    chains.note(lead, answer(201, {"ETag": '"1"'}, b'{"id": 7}'))
    for one in followers:
        chains.fill(one)
    assert {one.path_parameters["id"] for one in followers} == {7, "not a value ~"}
    assert followers[0].headers["If-Match"] == '"1"'
    assert {chains.source_of(one) for one in followers} == {lead.id, None}


def test_a_version_is_taken_where_no_link_names_it() -> None:
    """A call that names the version which it is about has the one that its source has told of."""
    chains = Chains()
    link = {"operationId": "change", "parameters": {"id": "$response.body#/id"}}
    lead, follower, *_ = directed(things(link=link), "/things/{id}", "PATCH", chains)
    chains.note(lead, answer(201, {"ETag": '"1"'}, b'{"id": 7}'))
    chains.fill(follower)
    assert follower.headers["If-Match"] == '"1"'


def test_a_change_is_followed_by_changes_of_what_it_made() -> None:
    """When an answer names a new version, the next call has that one."""
    chains = Chains()
    lead, first, second, *_ = directed(things("401", "403"), "/things/{id}", "PATCH", chains)
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


def test_what_the_document_offers_is_aimed_at() -> None:
    """One valid call, and others for whatever it does not reach: bodies that the schema allows are judged as valid."""
    made = directed(things(), "/things", "POST")
    judged = {str(one.body): bool(one.meta and one.meta.generation.mode.is_positive) for one in reversed(made)}
    assert {"{'name': 'a'}": True, "{'name': 'b'}": True, "{}": False}.items() <= judged.items()
    assert {one.query.get("limit") for one in made} == {None, "0", "not a value ~"}


def test_the_first_valid_call_is_the_simplest() -> None:
    """It has the best chance without what is not required."""
    assert dict(directed(things(), "/things", "POST")[0].query) == {}


def test_each_call_has_an_idempotency_key_of_its_own() -> None:
    """Another call with the same key would be answered with what the first one was; calls about the key keep theirs."""
    keys = [one.headers.get("Idempotency-Key") for one in directed(things(), "/things", "POST")]
    own = [key for key in keys if key and len(key) == len("00000000-0000-4000-8000-000000000001")]
    assert len(set(own)) == len(own) > 1
    assert None in keys


@pytest.mark.parametrize(
    ("status", "what", "told"),
    [
        ("400", lambda one: one.body, b"{"),
        ("412", lambda one: one.headers.get("If-Match"), '"0"'),
        ("414", lambda one: len(one.query.get("_", "")), LONGER_THAN_READ),
        ("415", lambda one: one.headers.get("Content-Type"), "application/x-nobody-knows"),
    ],
)
def test_a_documented_status_is_provoked(status: str, what: Any, told: object) -> None:
    """By a call that nobody expects to be accepted; a document without the status gets none."""
    assert told not in [what(one) for one in directed(things(), "/things/{id}", "PATCH")]
    provoking = [one for one in directed(things(status), "/things/{id}", "PATCH") if what(one) == told]
    assert [one.meta for one in provoking] == [None]


@pytest.mark.parametrize(
    ("statuses", "harmless"),
    [
        (["403", "415"], lambda one: one.headers.get("Content-Type") == "application/x-nobody-knows"),
        (["403", "412"], lambda one: one.headers.get("If-Match") == '"0"'),
    ],
    ids=["a type that nobody knows", "a version that nobody has"],
)
def test_everybody_knocks_before_anybody_enters(statuses: list[str], harmless: Any) -> None:
    """An operation for some is first sent, as everybody, what it refuses for something else than who asks."""
    schema, senders = things(*statuses), Sent()
    schemas = Schemas(schema.raw_schema)
    documented = next(one for one in operations(schemas) if one.name == "PATCH /things/{id}")
    _lead, *knocks = Directed(Chains(), senders).cases(schema["/things/{id}"]["PATCH"], schemas, documented)[:4]
    assert [(senders.by.get(one.id), harmless(one), one.meta) for one in knocks] == [
        (name, True, None) for name in ("bob", "carol", None)
    ]


def test_input_is_made_up_where_there_is_none_to_get_wrong() -> None:
    """An operation without parameters and body is sent one, where the document says that it refuses something."""
    paths = {"/health": {"get": {"responses": said("200", "422")}}}
    document = {"openapi": "3.1.0", "info": {"title": "things", "version": "1"}, "paths": paths}
    made = directed(schemathesis.openapi.from_dict(document), "/health", "GET")
    assert [dict(one.query) for one in made] == [{"_": "1"}, {}]


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


def test_parameters_of_any_style() -> None:
    """What is sent as joined lists, or in the styles that paths have, is aimed at like any other input."""
    listed = {"in": "query", "name": "of", "explode": False, "schema": {"type": "array", "items": {"enum": ["a", "b"]}}}
    colour = {"in": "path", "name": "colour", "required": True, "style": "matrix", "schema": {"enum": ["red", "blue"]}}
    paths = {"/{colour}": {"get": {"parameters": [{**listed, "required": True}, colour], "responses": said("200")}}}
    info = {"title": "things", "version": "1"}
    schema = schemathesis.openapi.from_dict({"openapi": "3.1.0", "info": info, "paths": paths})
    cases = directed(schema, "/{colour}", "GET")
    assert {"red", "blue"} <= {str(case.path_parameters["colour"]) for case in cases}
    assert {True, False} == {"of" in case.query for case in cases}


@pytest.mark.parametrize(
    ("schema", "sent"),
    [
        ({"type": "string"}, TEXTS[0]),
        ({"type": ["string", "null"], "maxLength": 5}, "'"),
        ({"type": "string", "pattern": "^[a-z]+$"}, None),
        ({"type": "string", "format": "email"}, None),
        ({"type": "integer"}, None),
    ],
)
def test_odd_texts(schema: dict[str, Any], sent: str | None) -> None:
    """What takes any text is sent one that services stumble over, as odd as the schema allows."""
    parameter = {"name": "q", "in": "query", "schema": schema}
    body = {"content": {"application/json": {"schema": {"type": "object", "properties": {"q": schema}}}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "things", "version": "1"},
        "paths": {"/things": {"post": {"parameters": [parameter], "requestBody": body, "responses": said("200")}}},
    }
    found = directed(schemathesis.openapi.from_dict(document), "/things", "POST")
    in_bodies = [one.body.get("q") for one in found if isinstance(one.body, dict)]
    for texts in ([one.query.get("q") for one in found], in_bodies):
        assert [text for text in TEXTS if text in texts] == ([sent] if sent else [])


def test_odd_values_of_each_shape() -> None:
    """Where a body may be one thing or another, lists of both are sent empty."""
    one, other = ({"type": "object", "required": [name], "properties": {name: LIST}} for name in ("points", "sides"))
    closed = [{**shape, "additionalProperties": False} for shape in (one, other)]
    body = {"required": True, "content": {"application/json": {"schema": {"oneOf": closed}}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "things", "version": "1"},
        "paths": {"/things": {"post": {"requestBody": body, "responses": said("200")}}},
    }
    found = directed(schemathesis.openapi.from_dict(document), "/things", "POST")
    bodies = [case.body for case in found]
    assert {"points": []} in bodies
    assert {"sides": []} in bodies
    assert {"sides": [1, 2]} in bodies
    assert {} in bodies


@pytest.mark.parametrize("style", ["form", "pipeDelimited", "spaceDelimited"])
def test_delimited_lists_can_be_sent(style: str) -> None:
    """A list that goes into one parameter is a text like any other to what looks at it."""
    colours = {"type": "array", "minItems": 2, "items": {"type": "string", "enum": ["red", "blue"]}}
    parameter = {
        "name": "colours",
        "in": "query",
        "required": True,
        "style": style,
        "explode": False,
        "schema": colours,
    }
    document = {
        "openapi": "3.1.0",
        "info": {"title": "things", "version": "1"},
        "paths": {"/things": {"get": {"parameters": [parameter], "responses": said("200")}}},
    }
    cases = directed(schemathesis.openapi.from_dict(document), "/things", "GET")
    assert any("red" in str(one.query.get("colours")) for one in cases)
