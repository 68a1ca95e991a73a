"""What the tests run against: an advisory service and a web service on loopback, each with flaws to plant."""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from harness.target import Target
from security.policy import read_policy

MakeTarget = Callable[..., Target]
MakePolicy = Callable[..., Path]
CLOSED = "http://127.0.0.1:9"
CANARY = ("jinja2", "2.4.1")
LEAKY = ("leaky", "1.0")
SECURE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=()",
}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "tiny", "version": "1"},
    "security": [{"token": []}],
    "paths": {
        "/": {"get": {"security": [], "responses": {"200": {"description": "ok"}}}},
        "/things": {
            "get": {"responses": {"200": {"description": "ok"}}},
            "post": {
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
                "responses": {"201": {"description": "made"}},
            },
        },
        "/things/{id}": {
            "parameters": [{"in": "path", "name": "id", "required": True, "schema": {"type": "integer"}}],
            "get": {"responses": {"200": {"description": "ok"}}},
        },
    },
    "components": {
        "schemas": {"Thing": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}},
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
    },
}


@contextlib.contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve on a free loopback port until the end of the block; gives the base URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def advisory(name: str, version: str, **more: Any) -> dict[str, Any]:
    """Return an advisory in OSV's format."""
    events = [{"introduced": "0"}, {"fixed": f"{version}.1"}]
    affected = {"package": {"name": name, "ecosystem": "PyPI"}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}
    return {"id": f"PYSEC-2024-{len(name)}", "summary": f"{name} leaks", "affected": [affected], **more}


class AdvisoryService:
    """A stand-in for OSV's query endpoint; `known` maps (package, version) to advisories, and may be changed."""

    def __init__(self) -> None:
        self.known = {package: [advisory(*package)] for package in (CANARY, LEAKY)}
        self.status = 200

    def handler(self) -> type[BaseHTTPRequestHandler]:
        """Return the handler that answers from `known`."""
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                found = service.known.get((query["package"]["name"], query["version"]))
                body = json.dumps({"vulns": found} if found else {}).encode()
                self.send_response(service.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Keep the test's output clean."""

        return Handler


class OsvPolicy:
    """A running advisory service, and a policy that asks it."""

    def __init__(self, service: AdvisoryService, url: str, file: Path) -> None:
        self.service = service
        self.url = url
        self.file = file
        self.policy = read_policy(file)


class TinyService:
    """A web service that does everything right, until told otherwise.

    `forgets` maps a path to the header it leaves out; `unguarded` holds operations that answer anybody.
    """

    def __init__(self) -> None:
        self.forgets: dict[str, str] = {}
        self.unguarded: set[str] = set()
        self.base_url = ""

    def status(self, method: str, path: str, *, anonymous: bool) -> int:
        """Return the status of the answer to a request."""
        if path in {"/", "/openapi.json"}:
            return 200 if method in {"GET", "HEAD", "OPTIONS"} else 405
        if not path.startswith("/things"):
            return 404
        if anonymous and f"{method} {path}" not in self.unguarded:
            return 401
        return 404 if path != "/things" else 200

    def handler(self) -> type[BaseHTTPRequestHandler]:
        """Return the handler of this service."""
        service = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                anonymous = "Authorization" not in self.headers
                body = json.dumps(DOCUMENT).encode() if self.path == "/openapi.json" else b"{}"
                self.send_response(service.status(self.command, self.path, anonymous=anonymous))
                for name, value in SECURE.items():
                    if service.forgets.get(self.path) != name:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_HEAD = do_POST = do_OPTIONS = do_PROPFIND = answer  # noqa: N815 - the library's names

            def log_message(self, *_: object) -> None:
                """Keep the test's output clean."""

        return Handler
