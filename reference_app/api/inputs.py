"""What requests may hold. A name that is not here is refused, wherever it stands."""

from functools import cache
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, JsonValue
from pydantic_core import CoreSchema

from reference_app.api.cursors import Cursor
from reference_app.api.fields import (
    DEFAULT_PAGE,
    BigNumber,
    Branch,
    CommitSha,
    GivenPassword,
    Line,
    Message,
    Number,
    PageLimit,
    Text,
    UrlId,
    Username,
)
from reference_app.models import LogLevel, PipelineStatus

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

    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return pydantic's schema, made once: flask-openapi3 asks for it at every request."""
        return _query_schema(cls, *args, **kwargs)


@cache
def _query_schema(model: type[Query], *args: Any, **kwargs: Any) -> dict[str, Any]:
    return super(Query, model).model_json_schema(*args, **kwargs)


class PipelinePath(Path):
    """Which pipeline."""

    pipeline_id: UrlId


class PageQuery(Query):
    """Which page of a list."""

    limit: PageLimit = Field(DEFAULT_PAGE, description="How many items at most.")
    cursor: Omittable[Cursor] = Field(
        default_factory=nothing, description="`next_cursor` of the page before; none for the first page."
    )


class PipelineListQuery(PageQuery):
    """Which pipelines."""

    status: Omittable[PipelineStatus] = Field(default_factory=nothing, description="Only pipelines in this status.")
    branch: Omittable[Branch] = Field(default_factory=nothing, description="Only pipelines of this branch.")
    owner: Omittable[Username] = Field(
        default_factory=nothing, description="Only pipelines of the user with this name."
    )


class LogListQuery(PageQuery):
    """Which log lines."""

    level: Omittable[LogLevel] = Field(default_factory=nothing, description="Only lines of this level.")


class Credentials(Body):
    """Who wants to log in."""

    username: Username
    password: GivenPassword


class NewPipeline(Body):
    """A pipeline to queue; it will belong to whoever sends it."""

    model_config = with_example(name="Nightly build", branch="main", workflow_name="build", run_number=17)

    name: Line
    description: Text | None = None
    branch: Branch = "main"
    commit_sha: CommitSha | None = None
    commit_message: Text | None = None
    workflow_name: Line | None = None
    run_id: BigNumber | None = Field(None, description="Its number at the CI service; no two pipelines share one.")
    run_number: Number | None = None


class PipelineChanges(Body):
    """What to change; what is left out stays.

    After queued comes running or failed, after running success or failed, and then nothing.
    """

    model_config = with_example(status="running")

    name: Omittable[Line] = Field(default_factory=nothing)
    description: Text | None = None
    status: Omittable[PipelineStatus] = Field(default_factory=nothing)
    branch: Omittable[Branch] = Field(default_factory=nothing)
    commit_sha: CommitSha | None = None
    commit_message: Text | None = None
    workflow_name: Line | None = None


class NewLogLine(Body):
    """A line to append."""

    model_config = with_example(level="info", message="Built in 12 s.")

    level: LogLevel = LogLevel.INFO
    message: Message
