"""Which cases of an operation the coverage phase sends first."""

from typing import Any

import schemathesis
from schemathesis import Case

from suites.contract.fuzzing.made_cases import LONGER_THAN_READ
from suites.contract.fuzzing.rounds import Rounds

LIMIT = {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 9}}
NAME = {"type": "object", "properties": {"name": {"type": "string", "enum": ["a", "b"]}}}
BODY = {"content": {"application/json": {"schema": NAME}}}


def operation(*statuses: str) -> Any:
    responses = {status: {"description": "said"} for status in ("200", *statuses)}
    paths = {"/things": {"post": {"parameters": [LIMIT], "requestBody": BODY, "responses": responses}}}
    document = {"openapi": "3.1.0", "info": {"title": "things", "version": "1"}, "paths": paths}
    return schemathesis.openapi.from_dict(document)["/things"]["POST"]


def case(of: Any, limit: object, body: object) -> Case[Any]:
    made: Case[Any] = of.Case(query={"limit": limit}, body=body, media_type="application/json")
    return made


def test_the_first_round_has_what_reaches_something() -> None:
    """From the last case, which is sent first: each that reaches a boundary, a value or a shape before others do."""
    things = operation()
    cases = [case(things, *sent) for sent in ((9, {}), (5, {"name": "a"}), (1, {"name": "b"}), (5, {"name": "a"}))]
    rounds = Rounds()
    assert [cases[0], cases[2], cases[3]] == rounds.take_first(things, cases)
    assert rounds.has_rest("POST /things")
    assert [cases[1]] == rounds.take_rest("POST /things")
    assert not rounds.has_rest("POST /things")


def test_bodies_at_edges_are_made_where_no_case_has_them() -> None:
    """Each value that nothing reaches is put into a body that is there, once, and sent after that one."""
    things = operation()
    model = case(things, 5, {"name": "a", "other": 1})
    made, *rest = Rounds().take_first(things, [model])
    assert rest == [model]
    assert (made.body, made.query) == ({"name": "b", "other": 1}, {"limit": 5})


def test_an_address_that_is_too_long_is_sent_where_the_document_has_an_answer() -> None:
    """As the last one, and once; a document without status 414 gets none."""
    things = operation("414")
    cases = [case(things, 1, {"name": "a"}), case(things, 9, {"name": "b"})]
    first = Rounds().take_first(things, cases)
    assert [first[0].query, first[1:]] == [{"_": "x" * LONGER_THAN_READ}, cases]
    assert Rounds().take_first(things, []) == []


def test_another_method_reaches_nothing_of_the_operation() -> None:
    """A call with a method that the document lacks is no reason to leave the right one for later."""
    things = operation()
    right, other = case(things, 1, {}), case(things, 1, {})
    other.method = "TRACE"
    assert Rounds().take_first(things, [right, other])[-2:] == [right, other]
