"""Pipelines. Each answer that holds one says its version in ETag; a change names the version that it changes."""

from http import HTTPStatus

from flask import Response, url_for

from reference_app.api.authentication import current_principal, work
from reference_app.api.blueprint import ApiBlueprint, requires
from reference_app.api.cached import cached_answer, cached_response, list_key, make_pipeline, pipeline_key
from reference_app.api.cursors import decode_position, encode_position
from reference_app.api.entity_tags import entity_tag, versions_in
from reference_app.api.idempotency import answer_once, require_key
from reference_app.api.json_body import json_response, json_text
from reference_app.api.responses import ETAG, REPLAYED, created, not_modified, problems, versioned
from reference_app.api.shapes.headers import ChangeCondition, CreationKey, DeletionCondition, ReadCondition
from reference_app.api.shapes.pipelines import (
    NewPipeline,
    PipelineChanges,
    PipelineListQuery,
    PipelinePage,
    PipelinePath,
    PipelineResult,
)
from reference_app.api.visit import present_visit
from reference_app.cache.interface import Made
from reference_app.errors import PreconditionRequiredError
from reference_app.models import Pipeline
from reference_app.repositories.pipeline_view import PipelineFilter
from reference_app.services.authorization import Action
from reference_app.work import Look, Work

pipeline_routes = ApiBlueprint("pipelines", tag="Pipelines", protected=True, prefix="/api/pipelines")

_THIS_PIPELINE = {"pipeline_id": "$response.body#/id"}
_THIS_VERSION = {"header.If-Match": "$response.header.ETag"}
_LINKS = {
    name: {"operationId": name, "parameters": _THIS_PIPELINE | conditions}
    for name, conditions in {
        "read_pipeline": {},
        "update_pipeline": _THIS_VERSION,
        "delete_pipeline": _THIS_VERSION,
        "list_log_lines": {},
        "append_log_line": {},
    }.items()
}


@pipeline_routes.get("", responses={"200": PipelinePage})
@requires(Action.READ_PIPELINES)
def list_pipelines(query: PipelineListQuery) -> Response:
    """List pipelines, newest first."""
    wanted = PipelineFilter(**query.model_dump(exclude={"limit", "cursor"}))

    def make(look: Look) -> Made:
        page = look.pipelines.list_page(wanted, query.limit, decode_position(query.cursor))
        items = [pipeline.fields for pipeline in page.items]
        return Made(json_text({"items": items, "next_cursor": encode_position(page.next_after)}))

    return cached_response(cached_answer(list_key(present_visit()), make))


@pipeline_routes.post("", responses={**created("PipelineResult", _LINKS, ETAG | REPLAYED), **problems(409)})
@requires(Action.CREATE_PIPELINE)
def create_pipeline(header: CreationKey, body: NewPipeline) -> Response:
    """Queue a pipeline that belongs to the user."""

    def create(services: Work) -> Response:
        pipeline = services.pipelines.create(current_principal(), body.model_dump())
        location = url_for("pipelines.read_pipeline", pipeline_id=pipeline.id)
        return _one(pipeline, HTTPStatus.CREATED, location)

    return answer_once(require_key(header.key), create)


@pipeline_routes.get("/<pipeline_id>", responses={**versioned("PipelineResult"), **not_modified()})
@requires(Action.READ_PIPELINES)
def read_pipeline(path: PipelinePath, header: ReadCondition) -> Response:
    """Read one pipeline, unless the client has its present version."""
    answer = cached_answer(pipeline_key(path.pipeline_id), lambda look: make_pipeline(look, path.pipeline_id))
    return cached_response(answer, header.if_none_match)


@pipeline_routes.patch("/<pipeline_id>", responses={**versioned("PipelineResult"), **problems(409, 412, 428)})
@requires(Action.CHANGE_PIPELINE)
def update_pipeline(path: PipelinePath, header: ChangeCondition, body: PipelineChanges) -> Response:
    """Change the version of a pipeline that the client knows; only its owner and admins may."""
    if header.if_match is None:
        raise PreconditionRequiredError("Say in If-Match which version you change: the ETag of what you read.")
    changes, versions = body.model_dump(exclude_unset=True), versions_in(header.if_match)
    with work() as services:
        pipeline = services.pipelines.update(current_principal(), path.pipeline_id, changes, versions)
    return _one(pipeline)


@pipeline_routes.delete("/<pipeline_id>", responses={"204": None, **problems(412)})
@requires(Action.DELETE_PIPELINE)
def delete_pipeline(path: PipelinePath, header: DeletionCondition) -> tuple[str, HTTPStatus]:
    """Delete a pipeline and its logs; only its owner and admins may."""
    versions = None if header.if_match is None else versions_in(header.if_match)
    with work() as services:
        services.pipelines.delete(current_principal(), path.pipeline_id, versions)
    return "", HTTPStatus.NO_CONTENT


def _one(pipeline: Pipeline, status: HTTPStatus = HTTPStatus.OK, location: str | None = None) -> Response:
    response = json_response(PipelineResult.model_validate(pipeline), status, location)
    response.headers["ETag"] = entity_tag(pipeline.version)
    return response
