"""The audit trail, for admins: list and follow."""

from flask import Response

from reference_app.api.authentication import backend, work
from reference_app.api.blueprint import ApiBlueprint, requires
from reference_app.api.cursors import decode_cursor
from reference_app.api.event_streams import Event, News, open_stream
from reference_app.api.json_body import json_response
from reference_app.api.responses import event_stream
from reference_app.api.shapes.audit import AuditEventResult, AuditListQuery, AuditPage
from reference_app.api.shapes.base import page_fields
from reference_app.api.shapes.headers import LastAuditEvent
from reference_app.models import AuditEvent
from reference_app.repositories.audit_event import AuditFilter, AuditPosition
from reference_app.services.authorization import Action

audit_routes = ApiBlueprint("audit", tag="Audit", protected=True, prefix="/api/audit")

_STREAM = """Server-sent events: `audit` for each event, its data one as in the list. An event comes when no other can
come before it any more, so none is missed. A stream that starts now says where that is: `start`, without data of
interest. The stream has a longest time: come back with Last-Event-ID."""


@audit_routes.get("", responses={"200": AuditPage})
@requires(Action.READ_AUDIT)
def list_audit_events(query: AuditListQuery) -> Response:
    """List who changed what and who was refused what, newest first."""
    wanted = AuditFilter(**query.model_dump(exclude={"limit", "cursor"}))
    with work() as services:
        page = services.audit_log.list_page(wanted, query.limit, decode_cursor(query.cursor))
    return json_response(AuditPage.model_validate(page_fields(page)))


@audit_routes.get("/stream", responses=event_stream(_STREAM, "AuditEventResult", "audit", "start"))
@requires(Action.READ_AUDIT)
def stream_audit_events(header: LastAuditEvent) -> Response:
    """Follow the audit trail as it grows."""
    services_of_a_moment = backend().work

    def ask(after: AuditPosition | None) -> News[AuditPosition | None]:
        with services_of_a_moment() as services:
            if after is None:
                return _start(services.audit_log.present())
            rows = services.audit_log.list_settled(after)
        return News([_event(row) for row in rows], _position(rows[-1]) if rows else after)

    return open_stream(ask, _read_position(header.last_event_id))


def _start(position: AuditPosition) -> News[AuditPosition | None]:
    """Tell the reader its place at once: it may lose the stream before anything happens."""
    return News([Event(f"{position.transaction_id}-{position.event_id}", "start", "{}")], position)


def _event(row: AuditEvent) -> Event:
    identity = f"{row.transaction_id}-{row.id}"
    return Event(identity, "audit", AuditEventResult.model_validate(row).model_dump_json())


def _position(row: AuditEvent) -> AuditPosition:
    return AuditPosition(row.transaction_id, row.id)


def _read_position(last_event_id: str | None) -> AuditPosition | None:
    return AuditPosition(*map(int, last_event_id.split("-"))) if last_event_id else None
