"""What the server refuses by itself, because it is no HTTP or too long to read, told as the application tells it."""

import socket
from http import HTTPStatus

import structlog
from gunicorn import util

from reference_app.api.observation import REQUEST_ID_HEADER, new_request_id
from reference_app.api.problems import MEDIA_TYPE, problem_text
from reference_app.api.security_headers import API_HEADERS

_log = structlog.get_logger("reference_app.server_refusals")


def refuse_with_problems(*, security_headers: bool) -> None:
    """Take the place of gunicorn's page of HTML, which repeats to a browser what it was sent."""
    added = API_HEADERS if security_headers else ()

    def write_problem(client: socket.socket, status: int, _reason: str, _message: str) -> None:
        identity, known = new_request_id(), HTTPStatus(status)
        _log.warning("request_refused", request_id=identity, status=status)
        body = problem_text(known, f"{known.description}.", identity).encode()
        headers = [
            ("Connection", "close"),
            ("Content-Type", MEDIA_TYPE),
            ("Content-Length", str(len(body))),
            (REQUEST_ID_HEADER, identity),
            *added,
        ]
        head = "".join(f"{name}: {value}\r\n" for name, value in headers)
        util.write_nonblock(client, f"HTTP/1.1 {status} {known.phrase}\r\n{head}\r\n".encode() + body)

    util.write_error = write_problem
