"""The API document and the page that shows it."""

import json
import re
from typing import Any
from urllib.parse import urljoin

import pytest
from flask import Flask
from flask.testing import FlaskClient

from suites.integration.reference_app.conftest import MakeApp

OPEN = {"login", "request_account", "livez", "readyz", "health", "metrics"}
SIGNED = {"receive_github_delivery"}
NOT_DOCUMENTED = {"/api/openapi.json"}


@pytest.fixture
def document(client: FlaskClient) -> Any:
    """Return the document."""
    return client.get("/api/openapi.json").json


def operations(document: Any) -> dict[str, Any]:
    """Return the document's operations by id."""
    return {operation["operationId"]: operation for path in document["paths"].values() for operation in path.values()}


def test_every_route(app: Flask, document: Any) -> None:
    """The document has every route of the application and no other."""
    rules = {re.sub("<(.*?)>", r"{\1}", rule.rule) for rule in app.url_map.iter_rules()}
    assert {rule for rule in rules if not rule.startswith("/api/docs")} - NOT_DOCUMENTED == set(document["paths"])


def test_version(document: Any) -> None:
    """It is OpenAPI 3.1."""
    assert document["openapi"] == "3.1.0"


def test_security(document: Any) -> None:
    """Every operation but the open ones asks for a bearer token and documents 401."""
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    protected = {
        name for name, operation in operations(document).items() if operation.get("security") == [{"bearer": []}]
    }
    assert set(operations(document)) - OPEN - SIGNED == protected
    assert all(operations(document)[name]["security"] == [{"signature": []}] for name in SIGNED)
    assert all("401" in operations(document)[name]["responses"] for name in protected)


def test_problems(document: Any) -> None:
    """Every documented failure is a problem."""
    for name, operation in operations(document).items():
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                assert list(response["content"]) == ["application/problem+json"], f"{name} {status}"


def test_strict_bodies(document: Any) -> None:
    """No body takes members that the document does not name; only GitHub's, of which little is read, has many more."""
    names = [
        operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for name, operation in operations(document).items()
        if "requestBody" in operation and name not in SIGNED
    ]
    assert len(names) >= 4
    assert all(document["components"]["schemas"][name]["additionalProperties"] is False for name in names)


def test_links(document: Any) -> None:
    """A created pipeline leads to what can be done with it."""
    links = operations(document)["create_pipeline"]["responses"]["201"]["links"]
    assert {"read_pipeline", "update_pipeline", "delete_pipeline", "list_log_lines", "append_log_line"} == set(links)
    assert links["update_pipeline"]["parameters"]["header.If-Match"] == "$response.header.ETag"


def test_page_is_complete(client: FlaskClient) -> None:
    """The page loads nothing from outside, has no inline script, and all that it names is there."""
    page = client.get("/api/docs/", buffered=True)
    assert (page.status_code, page.content_type) == (200, "text/html; charset=utf-8")
    named = re.findall(r'(?:src|href)="(.*?)"', page.text)
    assert len(named) >= 4
    for name in named:
        assert not name.startswith(("http", "//"))
        assert client.get(urljoin("/api/docs/", name), buffered=True).status_code == 200, name
    assert not re.search(r"<script(?![^>]* src=)", page.text)
    assert "script-src 'self';" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize("name", ["../../pyproject.toml", "%2e%2e/%2e%2e/factory.py", "nothing.js"])
def test_no_way_out(client: FlaskClient, name: str) -> None:
    """Only Swagger UI's own files are served."""
    assert client.get(f"/api/docs/swagger/{name}").status_code == 404


def test_without_page(make_app: MakeApp) -> None:
    """SWAGGER_ENABLED=false takes the page away and leaves the document."""
    client = make_app(swagger_enabled=False).test_client()
    assert client.get("/api/docs/").status_code == 404
    assert client.get("/api/openapi.json").status_code == 200


def test_references(document: Any) -> None:
    """Every reference leads to something."""
    referred = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert referred - set(document["components"]["schemas"]) == set()
