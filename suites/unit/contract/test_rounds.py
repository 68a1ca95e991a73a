"""Which cases of an operation the coverage phase sends first."""

from typing import Any

import schemathesis
from schemathesis import Case

from suites.contract.fuzzing.chains import Chains
from suites.contract.fuzzing.directed import Directed
from suites.contract.fuzzing.rounds import Rounds
from suites.contract.fuzzing.senders import Senders

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


def rounds() -> Rounds:
    return Rounds(Directed(Chains(), Senders()))


def test_the_first_round_has_what_reaches_something() -> None:
    """From the last case, which is sent first: each that reaches a boundary, a value or a shape before others do."""
    things = operation()
    cases = [case(things, *sent) for sent in ((9, {}), (5, {"name": "a"}), (1, {"name": "b"}), (5, {"name": "a"}))]
    divided = rounds()
    assert divided.take_first(things, cases)[-3:] == [cases[0], cases[2], cases[3]]
    assert divided.has_rest("POST /things")
    assert [cases[1]] == divided.take_rest("POST /things")
    assert not divided.has_rest("POST /things")


def test_what_is_made_is_sent_after_what_there_is() -> None:
    """Cases of our own are for what is left, and may change things: they are sent last."""
    things = operation()
    there = case(things, 5, {"name": "a"})
    *made, first = rounds().take_first(things, [there])
    assert first is there
    assert {"name": "b"} in [one.body for one in made]


def test_another_method_reaches_nothing_of_the_operation() -> None:
    """A call with a method that the document lacks is no reason to leave the right one for later."""
    things = operation()
    right, other = case(things, 1, {}), case(things, 1, {})
    other.method = "TRACE"
    assert rounds().take_first(things, [right, other])[-2:] == [right, other]
