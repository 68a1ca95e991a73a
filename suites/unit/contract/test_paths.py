"""Values in the paths of requests."""

import pytest

from suites.contract.findings.paths import PathTemplates

PATHS = PathTemplates(
    {
        "paths": {
            "/things/{id}": {},
            "/things/new": {},
            "/things/{id}/parts/{part}": {},
            "/files/{name}.{kind}": {},
            "/things/{id}:close": {},
        }
    }
)


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("/things/7", {"id": "7"}),
        ("/things/7?id=8", {"id": "7"}),
        ("/things/a%2Fb%20%C3%A9", {"id": "a/b \u00e9"}),
        ("/things/7/parts/8", {"id": "7", "part": "8"}),
        ("/files/a.txt", {"name": "a", "kind": "txt"}),
        ("/things/7:close", {"id": "7"}),
        ("/things/new", {}),
        ("/things/", {}),
        ("/others/7", {}),
    ],
)
def test_values(path: str, values: dict[str, str]) -> None:
    """A path has the values of the most definite template that it is of, decoded."""
    assert PATHS.values(path) == values


@pytest.mark.parametrize(
    ("path", "value", "changed"),
    [
        ("/things/77?q=77", "1", "/things/1?q=77"),
        ("/things/77/parts/77", "1", "/things/1/parts/77"),
        ("/things/77", "a b\u00e9?#%", "/things/a%20b%C3%A9%3F%23%25"),
    ],
)
def test_another_value(path: str, value: str, changed: str) -> None:
    """One value is replaced, and whatever it is stays a value."""
    assert PATHS.with_value(path, "id", value) == changed


def test_bytes() -> None:
    """A value that is no text stays what it is."""
    assert PATHS.with_value("/things/%FF%FE", "id", PATHS.values("/things/%FF%FE")["id"]) == "/things/%FF%FE"


@pytest.mark.parametrize("value", ["", ".", "..", "a/b", "new"])
def test_another_operation(value: str) -> None:
    """A value that makes the path one of another template, or no path of one, is not taken."""
    assert PATHS.with_value("/things/7", "id", value) is None


def test_address_with_a_path() -> None:
    """Where the target's address has a path, the document's paths are below it."""
    paths = PathTemplates({"paths": {"/things/{id}": {}}}, "https://127.0.0.1/api/v1/")
    assert paths.values("/api/v1/things/7") == {"id": "7"}
    assert paths.values("/things/7") == {}
    assert paths.with_value("/api/v1/things/7", "id", "1") == "/api/v1/things/1"


def test_no_paths() -> None:
    """A document without paths knows no values."""
    assert PathTemplates({}).values("/things/7") == {}
