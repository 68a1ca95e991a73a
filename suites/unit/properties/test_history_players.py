"""Clients that play a history, on a server that is a few lines here."""

import http.server
import threading
from collections.abc import Iterator
from itertools import count

import pytest

from suites.properties.history_players import Place, Step, play
from suites.properties.register_operations import Read

UNANSWERED = 3


@pytest.fixture
def place() -> Iterator[Place]:
    """Yield where a register is read, which leaves one of all reads without an answer."""
    numbers = count(1)

    class Register(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Answer, or hang up."""
            if next(numbers) == UNANSWERED:
                self.close_connection = True
                return
            self.send_response(200)
            self.send_header("ETag", '"1"')
            self.send_header("Content-Length", "17")
            self.end_headers()
            self.wfile.write(b'{"name": "start"}')

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Register) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Place(server.server_port, "token")
        server.shutdown()
        thread.join()


def test_a_read_that_is_not_answered_holds_nobody_up(place: Place) -> None:
    """It says nothing, and all others go on."""
    history = play(place, "/register", [[Step.READ, Step.READ, Step.READ]] * 2)
    assert [type(each) for each in history] == [Read] * 5
