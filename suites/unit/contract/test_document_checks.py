"""The document by itself and beside its snapshot: what is wrong is a line with its place."""

import json
from pathlib import Path
from typing import Any

import pytest

from harness.errors import RequestError
from harness.openapi_document import address_of, checked_document
from suites.contract.document_checks.check import check_document, renew
from suites.contract.document_checks.snapshot import differences
from suites.contract.document_checks.validity import problems

BASE_URL = "http://127.0.0.1:4711"
THING = {"type": "object", "properties": {"of": {"$ref": "#/components/schemas/Thing"}, "$ref": {"type": "string"}}}


def document(schema: Any = None, version: str = "3.1.0", **more: Any) -> dict[str, Any]:
    """Return a document with one operation, whose answer has this schema."""
    answer = {"description": "fine", "content": {"application/json": {"schema": schema or {}}}}
    return {
        "openapi": version,
        "info": {"title": "Things", "version": "1.0.0"},
        "paths": {"/things": {"get": {"responses": {"200": answer}}}},
        "components": {"schemas": {"Thing": THING}},
        **more,
    }


@pytest.mark.parametrize(
    "content",
    [
        document({"$ref": "#/components/schemas/Thing"}),
        document({"$ref": "#/components/schemas/Thing"}, "3.0.3"),
        document({"type": "object", "example": {"$ref": "#/nowhere"}}),
        document(paths={"/things": {"get": {"responses": {"default": {"description": "?"}}}}, "x-owner": "us"}),
    ],
    ids=["recursive", "3.0", "a reference in an example", "an extension beside the paths"],
)
def test_valid(content: dict[str, Any]) -> None:
    """A document of 3.1 or 3.0 is valid, also when its schemas contain themselves."""
    assert problems(content) == ()


SCHEMA = "#/paths/~1things/get/responses/200/content/application~1json/schema"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (document({"$ref": "#/nowhere"}), f"{SCHEMA}: $ref '#/nowhere' leads nowhere"),
        (document({"$ref": "other.json#/x"}), f"{SCHEMA}: $ref 'other.json#/x' leads outside the document"),
        (document({"$ref": SCHEMA}), f"{SCHEMA}: $ref '{SCHEMA}' leads round in a circle"),
        (document(info={"title": "x"}), '#/info: "version" is a required property'),
        (document(paths={"/": {"get": 3}}), '#/paths/~1/get: 3 is not of type "object"'),
        (document(paths={"/": 3}), '#/paths/~1: 3 is not of type "object"'),
        (document(version="3.7.0"), "openapi: 3.7.0 is no version that is known: 3.0, 3.1, 3.2"),
    ],
)
def test_invalid(content: dict[str, Any], said: str) -> None:
    """What is wrong is one line that begins with its place."""
    assert said in problems(content)
    assert all("\n" not in line for line in problems(content))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "is no object but NoneType"),
        (["x"], "is no object but list"),
        ({"swagger": "2.0"}, "is not of version 3 (Swagger 2.0)"),
        ({"hello": "world"}, "is not of version 3 (openapi not given)"),
    ],
)
def test_no_document(content: Any, said: str) -> None:
    """What is no OpenAPI 3 at all is refused."""
    with pytest.raises(RequestError, match="the OpenAPI document") as refusal:
        checked_document(content)
    assert said in str(refusal.value)


@pytest.mark.parametrize(
    ("committed", "served", "said"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a/b": 1}, {}, ["#/a~1b: is no longer served"]),
        ({}, {"a": 1}, ["#/a: is served, and not in the snapshot"]),
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, ["#/a/1/b: 2 in the snapshot, 3 is served"]),
        ({"a": [1]}, {"a": [1, 2]}, ["#/a: [1] in the snapshot, [1, 2] is served"]),
        ({"a": 1}, {"a": True}, ["#/a: 1 in the snapshot, true is served"]),
    ],
)
def test_differences(committed: Any, served: Any, said: list[str]) -> None:
    """Each place where the served document differs from the snapshot is a line."""
    assert said == list(differences(committed, served))


@pytest.mark.parametrize(
    ("servers", "base_url", "address"),
    [
        ([], BASE_URL, BASE_URL),
        ([{"url": "/"}], BASE_URL, BASE_URL),
        ([{"url": "https://example.com/api/v1/"}, {"url": "/v2"}], BASE_URL, f"{BASE_URL}/api/v1"),
        ([{"url": "/{v}/x", "variables": {"v": {"default": "v3"}}}], BASE_URL, f"{BASE_URL}/v3/x"),
        ([{"url": "/v1"}], f"{BASE_URL}/mine", f"{BASE_URL}/mine"),
        ("nothing", BASE_URL, BASE_URL),
    ],
)
def test_address(servers: Any, base_url: str, address: str) -> None:
    """Paths begin where the first of the servers says, on the target; its own path wins."""
    assert address == address_of(document(servers=servers), base_url)


def test_renewed_snapshot(tmp_path: Path) -> None:
    """A renewed snapshot equals the served document, whatever port that has the next time, and is sorted."""
    snapshot = tmp_path / "openapi.json"
    renew(snapshot, document(servers=[{"url": BASE_URL}]), BASE_URL)
    again = document(servers=[{"url": "http://127.0.0.1:9"}])
    assert check_document(again, "http://127.0.0.1:9", snapshot, None).problems == ()
    assert list(json.loads(snapshot.read_text())) == ["components", "info", "openapi", "paths", "servers"]


@pytest.mark.parametrize(
    ("text", "said"), [(None, "is not there; --renew-snapshot makes it"), ("{", "cannot be read"), ("{}", "is served")]
)
def test_stale_snapshot(tmp_path: Path, text: str | None, said: str) -> None:
    """A snapshot that is missing, torn or old makes the document fail."""
    snapshot = tmp_path / "openapi.json"
    if text is not None:
        snapshot.write_text(text)
    found = check_document(document(), BASE_URL, snapshot, None)
    assert said in found.problems[0]
    assert "not looked for" in found.base


def test_snapshot_without_a_name() -> None:
    """There is nothing to renew, and nothing to compare with, where target.toml names no snapshot."""
    with pytest.raises(RequestError, match="names no `snapshot`"):
        renew(None, document(), BASE_URL)
    with pytest.raises(RequestError, match="names no `snapshot`"):
        check_document(document(), BASE_URL, None, "main")
    assert check_document(document(), BASE_URL, None, None).problems == ()
