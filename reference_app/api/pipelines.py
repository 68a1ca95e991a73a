"""Pipelines and their deployment logs."""

from http import HTTPStatus

from flask import Response, url_for

from reference_app.api.authentication import current_principal, work
from reference_app.api.blueprint import ApiBlueprint, requires
from reference_app.api.cached import cached_answer, cached_response
from reference_app.api.cursors import decode_cursor
from reference_app.api.json_body import json_response
from reference_app.api.responses import created, problems
from reference_app.api.shapes.base import page_fields
from reference_app.api.shapes.pipelines import (
    LogLinePage,
    LogLineResult,
    LogListQuery,
    NewLogLine,
    NewPipeline,
    PipelineChanges,
    PipelineListQuery,
    PipelinePage,
    PipelinePath,
    PipelineResult,
)
from reference_app.backend import Work
from reference_app.cache.interface import CacheKey, Made
from reference_app.repositories.pipeline import PipelineFilter
from reference_app.services.authorization import Action

pipeline_routes = ApiBlueprint("pipelines", tag="Pipelines", protected=True, prefix="/api/pipelines")

_NEW_PIPELINE = {"parameters": {"pipeline_id": "$response.body#/id"}}
_LINKS = {
    name: {"operationId": name, **_NEW_PIPELINE}
    for name in ("read_pipeline", "update_pipeline", "delete_pipeline", "list_log_lines", "append_log_line")
}
_LOG_LINKS = {
    "list_log_lines": {"operationId": "list_log_lines", "parameters": {"pipeline_id": "$response.body#/pipeline_id"}}
}


@pipeline_routes.get("", responses={"200": PipelinePage})
@requires(Action.READ_PIPELINES)
def list_pipelines(query: PipelineListQuery) -> Response:
    """List pipelines, newest first."""
    wanted = PipelineFilter(status=query.status, branch=query.branch, owner=query.owner)

    def make(services: Work) -> Made:
        page = services.pipelines.list_page(wanted, query.limit, decode_cursor(query.cursor))
        return Made(PipelinePage.model_validate(page_fields(page)).model_dump_json())

    name = f"{query.status}:{query.branch}:{query.owner}:{query.limit}:{query.cursor}"
    return cached_response(cached_answer(CacheKey("pipelines", name), make))


@pipeline_routes.post("", responses={**created("PipelineResult", _LINKS), **problems(409)})
@requires(Action.CREATE_PIPELINE)
def create_pipeline(body: NewPipeline) -> Response:
    """Queue a pipeline that belongs to the user."""
    with work() as services:
        pipeline = services.pipelines.create(current_principal(), body.model_dump())
    location = url_for("pipelines.read_pipeline", pipeline_id=pipeline.id)
    return json_response(PipelineResult.model_validate(pipeline), HTTPStatus.CREATED, location)


@pipeline_routes.get("/<pipeline_id>", responses={"200": PipelineResult})
@requires(Action.READ_PIPELINES)
def read_pipeline(path: PipelinePath) -> Response:
    """Read one pipeline."""

    def make(services: Work) -> Made:
        pipeline = services.pipelines.get(path.pipeline_id)
        return Made(PipelineResult.model_validate(pipeline).model_dump_json(), pipeline.version)

    key = CacheKey("pipeline", str(path.pipeline_id), path.pipeline_id)
    return cached_response(cached_answer(key, make))


@pipeline_routes.patch("/<pipeline_id>", responses={"200": PipelineResult, **problems(409)})
@requires(Action.CHANGE_PIPELINE)
def update_pipeline(path: PipelinePath, body: PipelineChanges) -> Response:
    """Change a pipeline; only its owner and admins may."""
    changes = body.model_dump(exclude_unset=True)
    with work() as services:
        pipeline = services.pipelines.update(current_principal(), path.pipeline_id, changes)
    return json_response(PipelineResult.model_validate(pipeline))


@pipeline_routes.delete("/<pipeline_id>", responses={"204": None})
@requires(Action.DELETE_PIPELINE)
def delete_pipeline(path: PipelinePath) -> tuple[str, HTTPStatus]:
    """Delete a pipeline and its logs; only its owner and admins may."""
    with work() as services:
        services.pipelines.delete(current_principal(), path.pipeline_id)
    return "", HTTPStatus.NO_CONTENT


@pipeline_routes.get("/<pipeline_id>/logs", responses={"200": LogLinePage})
@requires(Action.READ_PIPELINES)
def list_log_lines(path: PipelinePath, query: LogListQuery) -> Response:
    """List the lines of a pipeline's deployment log, oldest first."""
    with work() as services:
        after = decode_cursor(query.cursor)
        page = services.logs.list_page(path.pipeline_id, query.level, query.limit, after)
    return json_response(LogLinePage.model_validate(page_fields(page)))


@pipeline_routes.post("/<pipeline_id>/logs", responses=created("LogLineResult", _LOG_LINKS))
@requires(Action.APPEND_LOG)
def append_log_line(path: PipelinePath, body: NewLogLine) -> Response:
    """Append a line to the deployment log; only the pipeline's owner and admins may."""
    with work() as services:
        line = services.logs.append(current_principal(), path.pipeline_id, body.level, body.message)
    location = url_for("pipelines.list_log_lines", pipeline_id=line.pipeline_id)
    return json_response(LogLineResult.model_validate(line), HTTPStatus.CREATED, location)
