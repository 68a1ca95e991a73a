"""Bad input: a problem that says where, never a 500."""

import io
import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from suites.integration.reference_app.calls import change, create, new_key
from suites.integration.reference_app.conftest import Auth

NAME = {"name": "build"}
BODIES = [
    ({}, "/name"),
    ({"name": None}, "/name"),
    ({"name": ""}, "/name"),
    ({"name": " x"}, "/name"),
    ({"name": "a\x00b"}, "/name"),
    ({"name": "\ud800"}, "/name"),
    ({"name": "x" * 201}, "/name"),
    ({"name": 5}, "/name"),
    ({"name": ["x"]}, "/name"),
    (NAME | {"description": "a\x00b"}, "/description"),
    (NAME | {"branch": "a b"}, "/branch"),
    (NAME | {"branch": None}, "/branch"),
    (NAME | {"commit_sha": "xyz"}, "/commit_sha"),
    (NAME | {"run_id": 0}, "/run_id"),
    (NAME | {"run_id": 2**53}, "/run_id"),
    (NAME | {"run_id": 2**64}, "/run_id"),
    (NAME | {"run_id": 10**400}, "/run_id"),
    (NAME | {"run_id": "7"}, "/run_id"),
    (NAME | {"run_id": True}, "/run_id"),
    (NAME | {"run_id": 1.5}, "/run_id"),
    (NAME | {"run_number": 2**31}, "/run_number"),
    (NAME | {"status": "running"}, "/status"),
    (NAME | {"id": 5}, "/id"),
    (NAME | {"a/b~c": 1}, "/a~1b~0c"),
    (NAME | {"\ud800": 1}, ""),
    ([], ""),
    (None, ""),
    ("text", ""),
    (json.dumps(NAME), ""),
    (5, ""),
]
QUERIES = [
    ("limit=0", "/limit"),
    ("limit=101", "/limit"),
    ("limit=-1", "/limit"),
    ("limit=+5", "/limit"),
    ("limit=1.0", "/limit"),
    ("limit=007", "/limit"),
    ("limit=٣", "/limit"),
    ("limit=", "/limit"),
    ("limit=" + "9" * 5000, "/limit"),
    ("limit=5&limit=6", "/limit"),
    ("cursor=x", "/cursor"),
    ("cursor=AAAAAAAAAAB", "/cursor"),
    ("cursor=gAAAAAAAAAA", "/cursor"),
    ("cursor=AAAAAAAAAAA%0A", "/cursor"),
    ("status=done", "/status"),
    ("branch=%00", "/branch"),
    ("owner=Alice", "/owner"),
    ("workflow=", "/workflow"),
    ("workflow=%00", "/workflow"),
    ("workflow=" + "x" * 201, "/workflow"),
    ("created_from=", "/created_from"),
    ("created_from=2026-01-01", "/created_from"),
    ("created_from=2026-01-01T00:00:00", "/created_from"),
    ("created_from=2026-02-30T00:00:00Z", "/created_from"),
    ("created_from=0000-01-01T00:00:00Z", "/created_from"),
    ("created_from=10000-01-01T00:00:00Z", "/created_from"),
    ("created_from=1767225600", "/created_from"),
    ("created_from=2026-01-01T00:00:00+01:00", "/created_from"),  # + is a space in a query
    ("created_before=2026-01-01T00:00:60Z", "/created_before"),
    ("created_before=2026-01-01T00:00:00%2B99:00", "/created_before"),
    ("created_before=2026-01-01T00:00:00Z&created_before=2026-01-01T00:00:00Z", "/created_before"),
    ("created_before=٢٠٢٦-01-01T00:00:00Z", "/created_before"),
    ("offset=5", "/offset"),
    ("sort%2Fby=name", "/sort~1by"),
]


@pytest.fixture
def user(client: FlaskClient, auth: Auth) -> FlaskClient:
    """Return a client whose user is alice."""
    auth.login("alice")
    return client


def pointers(response: Any, part: str) -> list[str]:
    """Return where the violations are, all of them in one part of the request."""
    assert {part} == {error["part"] for error in response.json["errors"]}
    return [error["pointer"] for error in response.json["errors"]]


@pytest.mark.parametrize(("body", "pointer"), BODIES, ids=lambda value: ascii(value)[:40])
def test_body(user: FlaskClient, body: Any, pointer: str) -> None:
    """A body that breaks a rule is 422, names the place, and makes nothing."""
    response = user.post("/api/pipelines", data=json.dumps(body), content_type="application/json", headers=new_key())
    assert (response.status_code, response.content_type) == (422, "application/problem+json")
    assert [pointer] == pointers(response, "body")
    assert user.get("/api/pipelines").json["items"] == []


@pytest.mark.parametrize("name", ["name", "branch", "status"])
def test_null_change(user: FlaskClient, name: str) -> None:
    """What may not be empty cannot be emptied."""
    path = create(user).headers["Location"]
    response = change(user, path, **{name: None})
    assert response.status_code == 422
    assert [f"/{name}"] == pointers(response, "body")


@pytest.mark.parametrize(("query", "pointer"), QUERIES, ids=lambda value: ascii(value)[:40])
def test_query(user: FlaskClient, query: str, pointer: str) -> None:
    """A query that breaks a rule is 422 and names the parameter."""
    response = user.get(f"/api/pipelines?{query}")
    assert response.status_code == 422
    assert [pointer] == pointers(response, "query")


@pytest.mark.parametrize("path", ["/api/auth/me", "/livez", "/readyz", "/health", "/metrics", "/api/pipelines/1"])
def test_unknown_parameter(user: FlaskClient, path: str) -> None:
    """A parameter that nobody declared is refused everywhere."""
    response = user.get(f"{path}?verbose=1")
    assert response.status_code == 422
    assert pointers(response, "query") == ["/verbose"]


@pytest.mark.parametrize("identity", ["0", "-1", "abc", "1.0", "01", "٣", "9007199254740992", "1" * 400, "%00"])
def test_path(user: FlaskClient, identity: str) -> None:
    """An id that cannot be one is 422."""
    response = user.get(f"/api/pipelines/{identity}")
    assert response.status_code == 422
    assert pointers(response, "path") == ["/pipeline_id"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "Expecting value (line 1, column 1)"),
        ("{", "Expecting property name enclosed in double quotes (line 1, column 2)"),
        ("nonsense", "Expecting value (line 1, column 1)"),
        ('{"name": NaN}', "NaN is no JSON"),
        ('{\n"name": 1e}', "Expecting ',' delimiter (line 2, column 10)"),
        ("[" * 50_000, "nested too deeply"),
        ('{"run_id": ' + "9" * 5_000 + "}", "Exceeds the limit (4300 digits) for integer string conversion"),
        (b'{"name": "\xff"}', "no UTF-8 at byte 10"),
        ('{"name": "\u20ac"}'.encode("utf-16"), "no UTF-8 at byte 0"),
    ],
    ids=lambda text: ascii(text)[:20],
)
def test_no_json(user: FlaskClient, text: str | bytes, complaint: str) -> None:
    """A body that is no JSON is 400, also when it would exhaust the parser, and is told where it stops being any."""
    response = user.post("/api/pipelines", data=text, content_type="application/json", headers=new_key())
    assert (response.status_code, response.content_type) == (400, "application/problem+json")
    assert f"The body is no JSON: {complaint}." == response.json["detail"]


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded", "application/xml"])
def test_other_type(user: FlaskClient, content_type: str | None) -> None:
    """A body of another type is 415, even if it happens to be JSON."""
    response = user.post("/api/pipelines", data=json.dumps(NAME), content_type=content_type, headers=new_key())
    assert (response.status_code, response.content_type) == (415, "application/problem+json")


def test_too_large(user: FlaskClient) -> None:
    """A body beyond the limit is 413, whoever sends it and wherever."""
    response = user.post("/api/auth/logout", data=b"x" * 100_000)
    assert (response.status_code, response.content_type) == (413, "application/problem+json")


def test_too_large_in_chunks(user: FlaskClient) -> None:
    """A body that does not announce its size has the same limit, and is not quietly cut off there."""
    body = io.BytesIO(json.dumps(NAME).encode() + b" " * 100_000)
    response = user.post(
        "/api/pipelines",
        input_stream=body,
        headers=new_key(),
        content_type="application/json",
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert response.status_code == 413
    assert user.get("/api/pipelines").json["items"] == []


@pytest.mark.parametrize("path", ["/nothing", "/api/nothing", "/api/pipelines/", "/api/pipelines//logs", "/api"])
def test_no_such_path(client: FlaskClient, path: str) -> None:
    """A path that is not there is a problem too, without a redirect."""
    response = client.get(path)
    assert (response.status_code, response.content_type) == (404, "application/problem+json")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/api/pipelines", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("TRACE", "/api/pipelines/1", {"GET", "HEAD", "OPTIONS", "PATCH", "DELETE"}),
        ("GET", "/api/auth/login", {"OPTIONS", "POST"}),
        ("POST", "/metrics", {"GET", "HEAD", "OPTIONS"}),
        ("MADEUP", "/livez", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_method(client: FlaskClient, method: str, path: str, allowed: set[str]) -> None:
    """A method that a path does not know is 405 and names those it knows."""
    response = client.open(path, method=method)
    assert (response.status_code, response.content_type) == (405, "application/problem+json")
    assert allowed == set(response.headers["Allow"].split(", "))


def test_options(client: FlaskClient) -> None:
    """OPTIONS tells the methods to anybody."""
    response = client.options("/api/pipelines")
    assert response.status_code == 200
    assert {"GET", "HEAD", "OPTIONS", "POST"} == set(response.headers["Allow"].split(", "))


def test_shape(client: FlaskClient) -> None:
    """A problem has RFC 9457's members and the request's id."""
    response = client.get("/nothing", headers={"X-Request-ID": "my-request-1"})
    assert {"type", "title", "status", "detail", "request_id"} == set(response.json)
    assert tuple(response.json[name] for name in ("type", "title", "status", "request_id")) == (
        "about:blank",
        "Not Found",
        404,
        "my-request-1",
    )


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_deep_nesting(user: FlaskClient, method: str) -> None:
    """Nesting that JSON allows and no field has is 422, and names the field; no stack runs out."""
    path = {"POST": "/api/pipelines", "PATCH": "/api/pipelines/1"}[method]
    headers = new_key() | {"If-Match": "*"}
    deep = '{"name": ' + "[" * 900 + "]" * 900 + "}"
    response = user.open(path, method=method, data=deep, content_type="application/json", headers=headers)
    assert response.status_code == 422
    assert pointers(response, "body") == ["/name"]
