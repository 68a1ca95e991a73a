"""A target on which each path misbehaves in a way of its own: `python misbehaving.py PORT [PORT OF SOMEBODY ELSE]`."""

import http.server
import json
import os
import select
import sys
from collections.abc import Callable

LONGEST_S = 300  # of anything that never ends: the process may outlive who asked
PREFIX = "/v1"  # before all paths of the document; what is asked for without it is answered alike
PORT, ELSEWHERE = int(sys.argv[1]), int((*sys.argv, "9")[2])

FINE = {"description": "fine", "content": {"application/json": {"schema": {"type": "object"}}}}
TREE = {"type": "object", "properties": {"within": {"$ref": "#/components/schemas/Tree"}}}
GROWING = {"description": "fine", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Tree"}}}}


class Misbehaving(http.server.BaseHTTPRequestHandler):
    """Answers `GET`, each path in its own way; any other method is refused."""

    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        """Do what the path is called after."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        act = ACTS.get(self.path.split("?")[0].removeprefix(PREFIX))
        if act is None:
            self.say(404)
        elif self.command != "GET":
            self.say(405, Allow="GET")
        else:
            act(self)

    def __getattr__(self, name: str) -> Callable[[], None]:
        """Return what answers: the same for all methods."""
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def say(self, status: int, body: object = None, **headers: str) -> None:
        """Answer as anybody would."""
        text = json.dumps(body or {}).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(text)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def go_on(self, part: bytes, pause_s: float) -> None:
        """Send a body that has no end, until nobody listens."""
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        try:
            while not self.is_left(pause_s):
                self.wfile.write(part)
        except OSError:
            return

    def is_left(self, within_s: float) -> bool:
        """Whether the other side has gone, or goes within this time."""
        return bool(select.select([self.connection], [], [], within_s)[0])

    def wait(self) -> None:
        """Say nothing, until nobody waits any more."""
        self.close_connection = True
        self.is_left(LONGEST_S)

    def break_off(self) -> None:
        """Promise more than is sent."""
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"{")


def document() -> dict[str, object]:
    """Return the OpenAPI document: every path promises an object."""
    paths = {path: {"get": {"responses": {"200": FINE}}} for path in ACTS if path != "/"}
    paths["/recursive"] = {"get": {"responses": {"200": GROWING}}}
    info = {"title": "misbehaving", "version": "1"}
    servers = [{"url": f"https://example.com{PREFIX}/"}]
    schemas = {"schemas": {"Tree": TREE}}
    return {"openapi": "3.1.0", "info": info, "servers": servers, "paths": paths, "components": schemas}


ACTS: dict[str, Callable[[Misbehaving], None]] = {
    "/": lambda it: it.say(200),
    "/openapi.json": lambda it: it.say(200, document()),
    "/allowed": lambda it: it.say(418),
    "/harmless": lambda it: it.say(200),
    "/recursive": lambda it: it.say(200, {"within": {"within": {}}}),
    "/refused": lambda it: it.say(401, {"detail": "who are you?"}),
    "/late": Misbehaving.wait,
    "/endless": lambda it: it.go_on(b" " * 65_536, 0),
    "/dripping": lambda it: it.go_on(b" ", 0.1),
    "/broken": Misbehaving.break_off,
    "/away": lambda it: it.say(302, Location=f"http://127.0.0.1:{ELSEWHERE}/from-away"),
    "/abroad": lambda it: it.say(307, Location=f"http://localhost:{ELSEWHERE}/from-abroad"),
    "/round": lambda it: it.say(302, Location=f"{PREFIX}/round"),
    "/fatal": lambda _it: os._exit(1),
}

if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Misbehaving).serve_forever()
