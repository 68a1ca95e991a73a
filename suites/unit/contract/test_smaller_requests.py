"""Smaller requests that break the same of the document."""

import msgspec
import pytest

from harness.contract_findings import Step
from suites.contract.findings.exchange import Answer
from suites.contract.findings.smaller_requests import (
    Calls,
    fewer_headers,
    passes_of_all,
    passes_of_last,
    shorter_query,
    smaller_body,
    without_body,
)
from suites.contract.findings.violations import Violations

NAME = {"type": "string", "minLength": 2}
DOCUMENT = {
    "openapi": "3.1.0",
    "paths": {
        "/things": {
            "post": {
                "parameters": [
                    {"in": "query", "name": "page", "schema": {"type": "integer", "minimum": 1}},
                    {"in": "header", "name": "X-Version", "required": True, "schema": {"type": "string"}},
                ],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {"type": "object", "required": ["name"], "properties": {"name": NAME}}
                        }
                    },
                },
            }
        }
    },
}
STEP = Step(
    method="POST",
    path="/things?page=2&q=a%20b",
    headers={"X-Version": "1", "X-More": "2"},
    body='{"name": "abc"}',
)
ANSWER = Answer(200, {}, b"")


def changed(**changes: object) -> Step:
    return msgspec.structs.replace(STEP, **changes)


def test_parts() -> None:
    """A request is without its body, with fewer headers, with a shorter query, with a smaller body."""
    assert [step.body for step in without_body(STEP)] == [None]
    assert [sorted(step.headers) for step in fewer_headers(STEP)] == [[], ["X-More"], ["X-Version"]]
    assert [step.path for step in shorter_query(STEP)][:5] == [
        *("/things", "/things?q=a%20b", "/things?page=2", "/things?page=&q=a%20b", "/things?page=2&q="),
    ]
    assert [step.body for step in smaller_body(STEP)][:2] == ["{}", '{"name": ""}']


def test_nothing_smaller() -> None:
    """A request that has nothing but a path is as small as can be."""
    bare = Step(method="GET", path="/things", headers={})
    assert [*without_body(bare), *fewer_headers(bare), *shorter_query(bare), *smaller_body(bare)] == []


def test_bytes() -> None:
    """A body that is no text loses bytes."""
    odd = Step(method="POST", path="/", headers={}, body_base64="/wA=")
    assert {(step.body, step.body_base64) for step in smaller_body(odd)} == {("", None), ("\x00", None), (None, "/w==")}


@pytest.mark.parametrize(
    ("step", "broken"),
    [
        (STEP, {("query", "q", "undeclared")}),
        (changed(path="/things"), set()),
        (changed(path="/things?page=0"), {("query", "page", "invalid")}),
        (changed(path="/things", headers={}), {("header", "X-Version", "missing")}),
        (changed(path="/things", headers={"x-version": "[Filtered]"}), set()),
        (changed(path="/things", body=None), {("body", "", "missing")}),
        (changed(path="/things", body="{"), {("body", "{", "no JSON")}),
        (changed(path="/things", body="{}"), {("body", "", "required", "name")}),
        (changed(path="/things", body='{"name": "a"}'), {("body", "name", "properties/name/minLength", "")}),
    ],
)
def test_violations(step: Step, broken: set[tuple[str, ...]]) -> None:
    """What a request breaks of the document is named by its place and the reason, whatever the values."""
    assert Violations(DOCUMENT).of(step, "POST /things") == broken


def test_undocumented_operation() -> None:
    """A request to what the document does not have breaks nothing of it."""
    assert Violations(DOCUMENT).of(STEP, "POST /nothing") == frozenset()


def test_calls_before_the_last() -> None:
    """Where the last call shows what is wrong, those before it are left out first."""
    calls: Calls = ((STEP, None), (changed(path="/b"), None), (changed(path="/c"), ANSWER))
    fewer, *_ = passes_of_last()
    assert next(fewer(calls)) == (calls[-1],)
    assert all(form[-1] == calls[-1] for form in fewer(calls))


def test_calls_that_are_wrong_together() -> None:
    """Where calls are wrong together, only reads before the last one are left out; a call that is gone has no forms."""
    look = changed(method="GET", path="/look")
    calls: Calls = ((STEP, ANSWER), (look, ANSWER), (look, ANSWER))
    fewer, *others = passes_of_all(3)
    assert list(fewer(calls)) == [(calls[0], calls[2])]
    assert not any(list(forms(())) for forms in others)
    assert [len(form) for forms in others for form in forms(calls[:1])][:1] == [1]
