"""Thirteen ways to break a contract, each planted from outside on one operation of the reference app."""

import io
import json
import re
import uuid
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
Headers = list[tuple[str, str]]

_PIPELINE = re.compile(r"/api/pipelines/(?!statistics)[^/]+")
_LOGS = re.compile(r"/api/pipelines/[^/]+/logs")
_SESSIONS = re.compile(r"/api/users/[^/]+/sessions")
HALF = b'{"level": "info", "message": "half of a log"}'
_KEY = re.compile(r"[0-9A-Za-z-]{8,64}")


class Reply(NamedTuple):
    """What the application answered."""

    status: str
    headers: Headers
    body: bytes

    def with_json(self, body: object) -> "Reply":
        """Return this reply with another JSON body."""
        return self._replace(body=json.dumps(body).encode())


def on(method: str, path: str | re.Pattern[str]) -> Callable[..., Callable[[Application], Application]]:
    """Make a fault of a function from (application, environ) to a reply; it sees one operation only."""

    def planted(fault: Callable[[Application, Environ], Reply]) -> Callable[[Application], Application]:
        def plant(app: Application) -> Application:
            def faulty(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
                if environ["REQUEST_METHOD"] != method or not re.fullmatch(path, environ["PATH_INFO"]):
                    return app(environ, start_response)
                reply = fault(app, environ)
                kept = [(name, value) for name, value in reply.headers if name.lower() != "content-length"]
                start_response(reply.status, [*kept, ("Content-Length", str(len(reply.body)))])
                return [reply.body]

            return faulty

        plant.__name__, plant.__doc__ = fault.__name__, fault.__doc__
        return plant

    return planted


def asked(app: Application, environ: Environ) -> Reply:
    """Return what the application answers."""
    said: list[tuple[str, Headers]] = []
    parts = app(environ, lambda status, headers, *_: said.append((status, headers)))
    try:
        body = b"".join(parts)
    finally:
        if hasattr(parts, "close"):
            parts.close()
    return Reply(*said[0], body)


def body_of(environ: Environ) -> bytes:
    """Return the request's body, and leave it for the application."""
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def succeeded(reply: Reply) -> bool:
    """Whether the application answered 2xx."""
    return reply.status.startswith("2")


@on("GET", "/api/auth/sessions")
def wrong_status(app: Application, environ: Environ) -> Reply:
    """Answer success with a status that nobody documented."""
    reply = asked(app, environ)
    return reply._replace(status="203 NON-AUTHORITATIVE INFORMATION") if succeeded(reply) else reply


@on("GET", "/api/auth/me")
def undocumented_field(app: Application, environ: Environ) -> Reply:
    """Let a field out that the document does not name."""
    reply = asked(app, environ)
    return reply.with_json({**json.loads(reply.body), "internal_notes": "none"}) if succeeded(reply) else reply


@on("GET", "/api/pipelines")
def missing_field(app: Application, environ: Environ) -> Reply:
    """Leave a required field out."""
    reply = asked(app, environ)
    if not succeeded(reply):
        return reply
    return reply.with_json({name: value for name, value in json.loads(reply.body).items() if name != "items"})


@on("POST", "/api/pipelines")
def error_on_odd_text(app: Application, environ: Environ) -> Reply:
    """Fail on text beyond ASCII."""
    body = body_of(environ)
    if b"\\u" in body or any(byte > 127 for byte in body):
        return Reply("500 INTERNAL SERVER ERROR", [("Content-Type", "text/plain")], b"UnicodeEncodeError")
    return asked(app, environ)


@on("POST", "/api/registrations")
def accepts_invalid(app: Application, environ: Environ) -> Reply:
    """Accept what breaks the schema."""
    reply = asked(app, environ)
    if not reply.status.startswith("422"):
        return reply
    return Reply("202 ACCEPTED", [("Content-Type", "application/json")], b'{"status": "pending"}')


@on("POST", "/api/tokens")
def rejects_valid(app: Application, environ: Environ) -> Reply:
    """Refuse what keeps to the schema."""
    environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(b"{}"), "2"
    return asked(app, environ)


@on("DELETE", _PIPELINE)
def keeps_deleted(app: Application, environ: Environ) -> Reply:
    """Say that it is deleted, and keep it."""
    reply = asked(app, {**environ, "REQUEST_METHOD": "GET"})
    return Reply("204 NO CONTENT", [], b"") if succeeded(reply) else reply


@on("GET", _SESSIONS)
def open_door(app: Application, environ: Environ) -> Reply:
    """Let in who does not say who he is."""
    reply = asked(app, environ)
    if not reply.status.startswith("401"):
        return reply
    return Reply("200 OK", [("Content-Type", "application/json")], b'{"items": []}')


@on("GET", "/livez")
def wrong_content_type(app: Application, environ: Environ) -> Reply:
    """Call JSON plain text."""
    reply = asked(app, environ)
    return reply._replace(headers=[("Content-Type", "text/plain")]) if succeeded(reply) else reply


@on("GET", "/api/pipelines/statistics")
def lacks_header(app: Application, environ: Environ) -> Reply:
    """Leave out a header that the document requires."""
    reply = asked(app, environ)
    return reply._replace(headers=[(name, value) for name, value in reply.headers if name.lower() != "x-cache"])


@on("PATCH", _PIPELINE)
def lost_update(app: Application, environ: Environ) -> Reply:
    """Overwrite whatever version there is."""
    if re.fullmatch(r'"\d+"', environ.get("HTTP_IF_MATCH", "")):
        environ["HTTP_IF_MATCH"] = "*"
    return asked(app, environ)


@on("POST", _LOGS)
def double_effect(app: Application, environ: Environ) -> Reply:
    """Take every call for a new one, whatever its key."""
    if _KEY.fullmatch(environ.get("HTTP_IDEMPOTENCY_KEY", "")):
        environ["HTTP_IDEMPOTENCY_KEY"] = uuid.uuid4().hex
    return asked(app, environ)


@on("POST", _LOGS)
def keeps_refused(app: Application, environ: Environ) -> Reply:
    """Refuse a log, and keep something of it."""
    half = {
        **environ,
        "wsgi.input": io.BytesIO(HALF),
        "CONTENT_LENGTH": str(len(HALF)),
        "CONTENT_TYPE": "application/json",
        "HTTP_IDEMPOTENCY_KEY": uuid.uuid4().hex,
    }
    reply = asked(app, environ)
    if reply.status.startswith("422"):
        asked(app, half)
    return reply


CONTRACT_FAULTS = (
    wrong_status,
    undocumented_field,
    missing_field,
    error_on_odd_text,
    accepts_invalid,
    rejects_valid,
    keeps_deleted,
    open_door,
    wrong_content_type,
    lacks_header,
    lost_update,
    double_effect,
    keeps_refused,
)


def broken_contract(app: Application) -> Application:
    """Plant all of them: one on each operation, and two on logs, which do not meet."""
    for fault in CONTRACT_FAULTS:
        app = fault(app)
    return app
