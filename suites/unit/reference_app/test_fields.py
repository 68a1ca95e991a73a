"""Single fields: what the document says is what is accepted."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from reference_app.api import fields
from reference_app.api.shapes.pipelines import NewPipeline, PipelineChanges, PipelineListQuery

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "value", "read"),
    [
        (fields.UrlId, "1", 1),
        (fields.UrlId, str(2**53 - 1), 2**53 - 1),
        (fields.PageLimit, "100", 100),
        (fields.BigNumber, 5, 5),
        (fields.BigNumber, 5.0, 5),
        (fields.Line, "☃ x", "☃ x"),
        (fields.Text, "", ""),
        (fields.Branch, "feature/a-b_c.d", "feature/a-b_c.d"),
        (fields.Moment, "2026-01-31T12:00:00Z", NOON),
        (fields.Moment, "2026-01-31t14:00:00.0+02:00", NOON),
        (fields.StoredMoment, "2026-01-31T12:00:00.000z", NOON),
        (fields.ForeignText, "\0\n ☾" * 9999, "\0\n ☾" * 9999),
    ],
)
def test_accepted(kind: Any, value: Any, read: Any) -> None:
    """Good values are read as what they are."""
    assert TypeAdapter(kind).validate_python(value) == read


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (fields.UrlId, "0"),
        (fields.UrlId, "01"),
        (fields.UrlId, "+1"),
        (fields.UrlId, " 1"),
        (fields.UrlId, "1_0"),
        (fields.UrlId, "\u0661"),
        (fields.UrlId, str(2**53)),
        (fields.PageLimit, "101"),
        (fields.BigNumber, True),
        (fields.BigNumber, "5"),
        (fields.BigNumber, 5.5),
        (fields.BigNumber, float("inf")),
        (fields.BigNumber, float("nan")),
        (fields.Line, " x"),
        (fields.Line, "x\n"),
        (fields.Text, "\0"),
        (fields.Branch, "-x"),
        (fields.Branch, "main\n"),
        (fields.CommitSha, "A" * 40),
        (fields.Moment, 1769860800),
        (fields.Moment, "2026-01-31"),
        (fields.Moment, "2026-01-31T12:00:00"),
        (fields.Moment, "2026-01-31 12:00:00Z"),
        (fields.Moment, "2026-02-30T12:00:00Z"),
        (fields.Moment, "20260131T120000Z"),
        (fields.StoredMoment, "0001-12-31T23:59:59Z"),
        (fields.StoredMoment, "9999-01-01T00:00:00Z"),
        (fields.ForeignText, 5),
        (fields.Username, "a"),
    ],
)
def test_refused(kind: Any, value: Any) -> None:
    """Values that only look good are refused."""
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(value)


@pytest.mark.parametrize("kind", [fields.Text, fields.ForeignText])
def test_lone_surrogate(kind: Any) -> None:
    """Half a character is no text (and no parameter: no report could be written with it)."""
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python("\ud800")


@pytest.mark.parametrize("kind", [fields.UrlId, fields.PageLimit, fields.BigNumber, fields.Number])
def test_documented_bounds(kind: Any) -> None:
    """The document states the bounds of integers, and no bound that a double cannot hold."""
    schema = TypeAdapter(kind).json_schema()
    assert schema["type"] == "integer"
    assert schema["minimum"] == 1
    assert int(float(schema["maximum"])) == schema["maximum"]


@pytest.mark.parametrize(("model", "name"), [(PipelineChanges, "status"), (PipelineListQuery, "cursor")])
def test_left_out_is_not_null(model: Any, name: str) -> None:
    """What may be left out may not be null, and the document says neither null nor a default."""
    assert getattr(model(), name) is None
    with pytest.raises(ValidationError):
        model.model_validate({name: None})
    shown = model.model_json_schema()["properties"][name]
    assert "default" not in shown
    assert "anyOf" not in shown


def test_only_what_was_sent() -> None:
    """A change knows what was sent from what was left out."""
    changes = PipelineChanges.model_validate({"description": None})
    assert changes.model_dump(exclude_unset=True) == {"description": None}


def test_unknown_member() -> None:
    """A member that is not in the document is refused."""
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        NewPipeline.model_validate({"name": "x", "owner": "bob"})
