"""The shape of problems."""

import inspect

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from reference_app import errors
from reference_app.api.problems import STATUSES, Problem, pointer_to, problem
from reference_app.structured_logging import REQUEST_ID
from suites.patience import PATIENT


@pytest.mark.parametrize(
    ("location", "pointer"),
    [((), ""), (("name",), "/name"), (("a", 0, "b"), "/a/0/b"), (("a/b~c",), "/a~1b~0c"), (("",), "/")],
)
def test_pointer(location: tuple[str | int, ...], pointer: str) -> None:
    """A location becomes a JSON pointer as RFC 6901 writes it."""
    assert pointer_to(location) == pointer


@PATIENT
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_pointer_reads_back(location: list[str]) -> None:
    """Different locations have different pointers: each reads back."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer_to(location).split("/")[1:]]
    assert parts == location


def test_lone_surrogate() -> None:
    """What UTF-8 cannot write does not reach the response."""
    assert pointer_to(["a\ud800b"]) == "/a?b"


def test_body() -> None:
    """The response is application/problem+json and holds what the document says."""
    with Flask(__name__).test_request_context(environ_overrides={REQUEST_ID: "request-1"}):
        response = problem(422, "No good.", [errors.Violation("query", "/limit", "too big")], {"X-Test": "1"})
    assert (response.status_code, response.content_type) == (422, "application/problem+json")
    assert response.headers["X-Test"] == "1"
    read = Problem.model_validate(response.json)
    assert (read.status, read.detail, read.request_id) == (422, "No good.", "request-1")
    assert read.errors is not None
    assert [error.model_dump() for error in read.errors] == [
        {"part": "query", "pointer": "/limit", "detail": "too big"}
    ]


def test_every_error_has_a_status() -> None:
    """No error of the application's own falls through to 500."""
    own = {
        value
        for value in vars(errors).values()
        if inspect.isclass(value) and issubclass(value, errors.AppError) and value is not errors.AppError
    }
    assert own == set(STATUSES)
