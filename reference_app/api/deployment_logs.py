"""Deployment logs of pipelines: list, append, follow."""

from http import HTTPStatus

from flask import Response, url_for

from reference_app.api.authentication import backend, current_principal, work
from reference_app.api.blueprint import ApiBlueprint, requires
from reference_app.api.cursors import decode_cursor
from reference_app.api.event_streams import Event, News, open_stream
from reference_app.api.idempotency import answer_once
from reference_app.api.json_body import json_response
from reference_app.api.responses import REPLAYED, created, event_stream, problems
from reference_app.api.shapes.base import page_fields
from reference_app.api.shapes.headers import LastLogLine, OptionalKey
from reference_app.api.shapes.pipelines import LogLinePage, LogLineResult, LogListQuery, NewLogLine, PipelinePath
from reference_app.services.authorization import Action
from reference_app.work import Work

log_routes = ApiBlueprint("logs", tag="Pipelines", protected=True, prefix="/api/pipelines")

_LINKS = {
    "list_log_lines": {"operationId": "list_log_lines", "parameters": {"pipeline_id": "$response.body#/pipeline_id"}}
}
_STREAM = """Server-sent events: `log` for each line, its data a line as in the list, its id the line's; `end` when the
pipeline is over, or gone, and these were its lines: then close, do not come back. What is appended afterwards is in the
list. Without `end` the stream has reached its longest time: come back with Last-Event-ID. Comments between events mean
nothing."""


@log_routes.get("/<pipeline_id>/logs", responses={"200": LogLinePage})
@requires(Action.READ_PIPELINES)
def list_log_lines(path: PipelinePath, query: LogListQuery) -> Response:
    """List the lines of a pipeline's deployment log, oldest first."""
    with work() as services:
        after = decode_cursor(query.cursor)
        page = services.logs.list_page(path.pipeline_id, query.level, query.limit, after)
    return json_response(LogLinePage.model_validate(page_fields(page)))


@log_routes.post("/<pipeline_id>/logs", responses={**created("LogLineResult", _LINKS, REPLAYED), **problems(409)})
@requires(Action.APPEND_LOG)
def append_log_line(path: PipelinePath, header: OptionalKey, body: NewLogLine) -> Response:
    """Append a line to the deployment log; only the pipeline's owner and admins may."""

    def append(services: Work) -> Response:
        line = services.logs.append(current_principal(), path.pipeline_id, body.level, body.message)
        location = url_for("logs.list_log_lines", pipeline_id=line.pipeline_id)
        return json_response(LogLineResult.model_validate(line), HTTPStatus.CREATED, location)

    return answer_once(header.key, append)


@log_routes.get("/<pipeline_id>/logs/stream", responses=event_stream(_STREAM, "LogLineResult", "log", "end"))
@requires(Action.READ_PIPELINES)
def stream_log_lines(path: PipelinePath, header: LastLogLine) -> Response:
    """Follow the deployment log as it is written."""
    services_of_a_moment = backend().work

    def ask(after: int) -> News[int]:
        with services_of_a_moment() as services:
            tail = services.logs.tail(path.pipeline_id, after)
        events = [
            Event(str(line.id), "log", LogLineResult.model_validate(line).model_dump_json()) for line in tail.lines
        ]
        return News(events, tail.lines[-1].id if tail.lines else after, tail.is_complete)

    return open_stream(ask, header.last_event_id)
