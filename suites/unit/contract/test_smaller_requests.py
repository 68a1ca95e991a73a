"""Smaller requests that break the same of the document."""

import msgspec
import pytest

from harness.contract_findings import Step
from suites.contract.findings.exchange import Answer
from suites.contract.findings.paths import PathTemplates
from suites.contract.findings.smaller_requests import (
    Calls,
    fewer_headers,
    passes_of_all,
    passes_of_last,
    passes_over,
    same_values,
    shorter_query,
    simpler_headers,
    simpler_path,
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
FORM = "application/x-www-form-urlencoded; charset=utf-8"
STEP = Step(
    method="POST",
    path="/things?page=2&q=a%20b",
    headers={"X-Version": "1", "X-More": "2"},
    body='{"name": "abc"}',
)
ANSWER = Answer(200, {}, b"")


PASSES = passes_over(None, frozenset())


def changed(**changes: object) -> Step:
    return msgspec.structs.replace(STEP, **changes)


def test_parts() -> None:
    """A request is without its body, with fewer headers, with a shorter query, with a smaller body."""
    assert [step.body for step in without_body(STEP)] == [None]
    assert [sorted(step.headers) for step in fewer_headers(STEP)] == [[], ["X-More"], ["X-Version"]]
    assert [step.path for step in shorter_query(STEP)][:6] == [
        *("/things", "/things?q=a%20b", "/things?page=2"),
        *("/things?page=&q=a%20b", "/things?page=0&q=a%20b", "/things?page=1&q=a%20b"),
    ]
    assert [step.body for step in smaller_body(STEP)][:2] == ["{}", '{"name": ""}']


def test_nothing_smaller() -> None:
    """A request that has nothing but a path is as small as can be."""
    bare = Step(method="GET", path="/things", headers={})
    assert [*without_body(bare), *fewer_headers(bare), *shorter_query(bare), *smaller_body(bare)] == []


PATHS = PathTemplates({"paths": {"/things/{id}": {}, "/things/{id}/parts/{part}": {}, "/things/0": {}}})


def simpler_paths(path: str) -> list[str]:
    return [step.path for step in simpler_path(PATHS, None, Step(method="GET", path=path, headers={}))]


def test_path() -> None:
    """A number in a path gets smaller, a text shorter; never empty, and never what leads to another operation."""
    assert simpler_paths("/things/9007199254740991?x=1")[:2] == ["/things/1?x=1", "/things/134217727?x=1"]
    assert simpler_paths("/things/a%2Fb") == ["/things/ab"]
    assert {"/things/4/parts/2", "/things/8/parts/1"} < {*simpler_paths("/things/8/parts/2")}
    assert simpler_paths("/things/a-b")[-1] == "/things/0-0"
    assert simpler_paths("/things/1") == simpler_paths("/others/7") == simpler_paths("/things/;id=77") == []


def test_same_thing() -> None:
    """Calls that name the same thing name the same simpler one."""
    calls: Calls = tuple(
        (Step(method="GET", path=path, headers={}), None) for path in ("/things/9", "/things/9/parts/5", "/things/9")
    )
    forms = [tuple(step.path for step, _ in form) for form in same_values(PATHS, calls)]
    assert ("/things/2", "/things/2/parts/5", "/things/2") in forms
    assert ("/things/9", "/things/9/parts/1", "/things/9") in forms
    assert not any(len({path.split("/")[2] for path in form}) > 1 for form in forms)
    assert not any(path == "/things/0" for form in forms for path in form)


def test_header_values() -> None:
    """A header gets a simpler value; what carries a secret, and what says how to read the body, keeps its own."""
    kept = {"X-Who": "alice", "Authorization": "[Filtered]", "Content-Type": "a/b"}
    step = Step(method="GET", path="/", headers={**kept, "X-Page": "12", "X-Odd": "~"})
    forms = [form.headers for form in simpler_headers(frozenset({"x-who"}), None, step)]
    assert [form["X-Page"] for form in forms[:4]] == ["", "0", "1", "3"]
    assert [form["X-Odd"] for form in forms[-2:]] == ["", "~"]
    assert all(form.items() >= kept.items() for form in forms)


def test_hidden_query_value() -> None:
    """A secret in the query keeps its value."""
    step = Step(method="GET", path="/?token=%5BFiltered%5D", headers={})
    assert [form.path for form in shorter_query(step)] == ["/"]


def test_unicode() -> None:
    """A text loses characters, not bytes, and bytes in a query that are no text stay what they are."""
    text = Step(method="POST", path="/", headers={}, body="\u00e9<")
    assert [step.body for step in smaller_body(text)] == ["", "<", "\u00e9"]
    odd = Step(method="GET", path="/?a=%FFb", headers={})
    assert [step.path for step in shorter_query(odd)][-2:] == ["/?a=%FF", "/?a=%FF0"]


def test_form() -> None:
    """A form loses fields, and its values get simpler as texts."""
    step = Step(method="POST", path="/", headers={"content-type": FORM}, body="a=%C3%A9%C3%A8&b=12")
    forms = [form.body for form in smaller_body(step)]
    assert forms[:3] == ["", "b=12", "a=%C3%A9%C3%A8"]
    assert forms[3:7] == ["a=&b=12", "a=%C3%A8&b=12", "a=%C3%A9&b=12", "a=00&b=12"]
    assert forms[-1] == "a=%C3%A9%C3%A8&b=11"


def test_great_steps_come_first() -> None:
    """What a body takes to get small leaves the great steps of values in paths and headers alone."""
    step = Step(method="POST", path="/things/77", headers={"X-A": "x" * 50}, body="[1]")
    (body, *_), passes = smaller_body(step), passes_over(PATHS, frozenset())
    forms = [form for one in passes for form in one(step)]
    before = forms[: forms.index(body)]
    assert "/things/1" in {form.path for form in before}
    assert {len(form.headers.get("X-A", "")) for form in before} == {0, 25, 38, 50}
    assert len(forms) > len(before) + 50


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
        (changed(path="/things", body=""), {("body", "", "missing")}),
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


def test_violations_before_the_last() -> None:
    """What is wrong with calls before the last one is told by what they call, whichever body is no JSON."""
    odd = changed(path="/things", body="{"), changed(path="/things?page=0", body="["), changed(path="/none?page=0")
    found = Violations(DOCUMENT).before_last([*odd, changed(path="/things", headers={})])
    assert found == {("body", "", "no JSON"), ("query", "page", "invalid")}


def test_calls_before_the_last() -> None:
    """Where the last call shows what is wrong, those before it are left out first."""
    calls: Calls = ((STEP, None), (changed(path="/b"), None), (changed(path="/c"), ANSWER))
    fewer, *_ = passes_of_last(PASSES)
    assert next(fewer(calls)) == (calls[-1],)
    assert all(form[-1] == calls[-1] for form in fewer(calls))


def test_calls_that_are_wrong_together() -> None:
    """Where calls are wrong together, only reads before the last one are left out; a call that is gone has no forms."""
    look = changed(method="GET", path="/look")
    calls: Calls = ((STEP, ANSWER), (look, ANSWER), (look, ANSWER))
    fewer, *others = passes_of_all(3, PASSES)
    assert list(fewer(calls)) == [(calls[0], calls[2])]
    assert not any(list(forms(())) for forms in others)
    assert [len(form) for forms in others for form in forms(calls[:1])][:1] == [1]
