"""What all bodies, parameters and responses have in common. A name that no shape has is refused."""

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, JsonValue
from pydantic_core import CoreSchema

from reference_app.api.cursors import Cursor, encode_cursor
from reference_app.api.fields import DEFAULT_PAGE, PageLimit
from reference_app.repositories.base import Page

T = TypeVar("T")


class _NotNull:
    """Lets pydantic read `T | None` as T alone: None only stands for what was left out."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        nullable = handler(source)
        return nullable["schema"]  # type: ignore[no-any-return]


Omittable = Annotated[T | None, _NotNull()]


def nothing() -> None:
    """Return the value of what was left out; as a factory it stays out of the document."""


def with_example(**values: JsonValue) -> ConfigDict:
    """Configure a body that the document shows filled like this."""
    return ConfigDict(extra="forbid", json_schema_extra={"example": values})


class Body(BaseModel):
    """Parent of JSON bodies."""

    model_config = ConfigDict(extra="forbid")


class Path(BaseModel):
    """Parent of path parameters; the title is how a violation knows where it stands."""

    model_config = ConfigDict(extra="forbid", title="path")


class Query(BaseModel):
    """Parent of query parameters."""

    model_config = ConfigDict(extra="forbid", title="query")


class Headers(BaseModel):
    """Parent of header parameters; headers of no interest pass."""

    model_config = ConfigDict(extra="ignore", title="header")


CURSOR = Field(default_factory=nothing, description="`next_cursor` of the page before; none for the first page.")


class PageQuery(Query):
    """Which page of a list."""

    limit: PageLimit = Field(DEFAULT_PAGE, description="How many items at most.")
    cursor: Omittable[Cursor] = CURSOR


class Result(BaseModel):
    """Parent of JSON responses; reads the attributes of rows and records."""

    model_config = ConfigDict(from_attributes=True)


def page_fields(page: Page[Any]) -> dict[str, Any]:
    """Return what the pages of lists are made from."""
    return {"items": page.items, "next_cursor": encode_cursor(page.next_after)}
