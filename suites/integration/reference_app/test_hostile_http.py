"""Hostile HTTP against gunicorn: a problem, whoever refuses it; never a 500, never a hang, and it lives on."""

import json
import socket
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from threading import Event

import pytest

from harness.ports import LOOPBACK
from suites.integration.reference_app.conftest import Auth
from suites.integration.reference_app.server import Server

LOGIN = "POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
READ = "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
MOST = 64 * 1024
THREADS = 8
LONGEST_S = 60
"""A connection that says nothing for so long hangs."""
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n"


def chunks(body: bytes, size: int = 8192) -> bytes:
    """Return a body in chunked encoding."""
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def with_body(body: bytes, *, chunked: bool = False) -> bytes:
    """Return a login with this body."""
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
    return f"{LOGIN}{length}\r\n\r\n".encode() + (chunks(body) if chunked else body)


def typed(content_type: str) -> bytes:
    """Return a login of another type."""
    return LOGIN.replace("application/json", content_type).encode() + b"Content-Length: 2\r\n\r\n{}"


def read(path: str = "/livez", headers: Iterable[str] = ()) -> bytes:
    """Return a GET."""
    return (READ.replace("/livez", path) + "".join(f"{header}\r\n" for header in headers) + "\r\n").encode("latin-1")


DEEP = b"[" * 30_000 + b"]" * 30_000
REQUESTS: dict[str, tuple[bytes, set[int]]] = {
    "malformed JSON": (with_body(b'{"username": '), {400}),
    "malformed JSON in chunks": (with_body(b'{"username": ', chunked=True), {400}),
    "empty body": (with_body(b""), {400}),
    "no UTF-8": (with_body(b'{"username": "\xff\xfe"}'), {400}),
    "lone surrogate": (with_body(rb'{"username": "\ud800", "password": "x"}'), {422}),
    "NUL": (with_body(rb'{"username": "a\u0000b", "password": "x"}'), {422}),
    "deep nesting": (with_body(DEEP), {400}),
    "deep nesting in a field": (with_body(b'{"username": %s}' % DEEP), {400}),
    "endless number": (with_body(b'{"username": ' + b"9" * 50_000 + b"}"), {400, 422}),
    "100 duplicate keys": (with_body(b"{" + b",".join([b'"username": "a"'] * 100) + b"}"), {422}),
    "wrong type": (typed("text/plain"), {415}),
    "form": (typed("multipart/form-data; boundary=x"), {415}),
    "type of nonsense": (typed(";;;=,\x01"), {400, 415}),
    "too large": (with_body(b" " * (MOST + 1)), {413}),
    "too large in chunks": (with_body(b" " * (MOST + 1), chunked=True), {413}),
    "far too large in chunks": (with_body(b" " * (50 * MOST), chunked=True), {413}),
    "announced terabyte": (f"{LOGIN}Content-Length: {10**12}\r\n\r\n".encode(), {413}),
    "terabyte on 100-continue": (f"{LOGIN}Content-Length: {10**12}\r\nExpect: 100-continue\r\n\r\n".encode(), {413}),
    "unknown expectation": (f"{LOGIN}Content-Length: 2\r\nExpect: tea\r\n\r\n{{}}".encode(), {400, 417, 422}),
    "negative length": (f"{LOGIN}Content-Length: -5\r\n\r\n".encode(), {400}),
    "length of nonsense": (f"{LOGIN}Content-Length: 1e3\r\n\r\n".encode(), {400}),
    "two lengths": (f"{LOGIN}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}".encode(), {400}),
    "length and chunks": (
        f"{LOGIN}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n".encode() + chunks(b"{}"),
        {400, 422},
    ),
    "unknown transfer encoding": (f"{LOGIN}Transfer-Encoding: tea\r\n\r\n".encode(), {400, 501}),
    "body that breaks off": (f"{LOGIN}Content-Length: 100\r\n\r\n{{".encode(), {400}),
    "chunk that breaks off": (f"{LOGIN}Transfer-Encoding: chunked\r\n\r\nff\r\n{{".encode(), {400}),
    "chunk of nonsense": (f"{LOGIN}Transfer-Encoding: chunked\r\n\r\nzz\r\n{{}}\r\n0\r\n\r\n".encode(), {400}),
    "500 query keys": (read("/livez?" + "&".join(f"k{number}=1" for number in range(500))), {422}),
    "long address": (read("/" + "a" * 20_000), {414}),
    "10,000 query keys": (read("/livez?" + "&".join(f"k{number}=1" for number in range(10_000))), {414}),
    "huge header": (read(headers=[f"X-Large: {'a' * 200_000}"]), {400, 431}),
    "many headers": (read(headers=[f"X-{number}: 1" for number in range(5_000)]), {400, 431}),
    "large token": (read("/api/pipelines", [f"Authorization: Bearer {'a' * 7_000}"]), {401}),
    "token of control characters": (read("/api/pipelines", ["Authorization: Bearer \x01\x02\xff"]), {400, 401}),
    "path of nonsense": (read("/api/pipelines/%ff%fe%00%0d%0a"), {400, 401, 404}),
    "path traversal": (read("/api/docs/swagger/../../../../etc/passwd"), {404}),
    "hidden path traversal": (read("/api/docs/swagger/%2e%2e/%2e%2e/settings.py"), {404}),
    "no host": (b"GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n", {200, 400}),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", {400}),
    "unknown version": (b"GET /livez HTTP/9.9\r\n\r\n", {400, 505}),
    "method of nonsense": (b"G\x00T /livez HTTP/1.1\r\nHost: localhost\r\n\r\n", {400}),
}


@pytest.fixture
def server(serve: Callable[..., Server], auth: Auth) -> Server:
    """Return a server with accounts that could log in."""
    assert auth
    return serve(WEB_THREADS=str(THREADS), MAX_BODY_BYTES=str(MOST))


def exchange(server: Server, request: bytes) -> bytes:
    """Send bytes on a connection of their own, and return all that comes back until the server closes it."""
    with socket.create_connection((LOOPBACK, server.port), timeout=LONGEST_S) as connection:
        answer = b""
        try:
            connection.sendall(request)
            while part := connection.recv(65_536):
                answer += part
        except (BrokenPipeError, ConnectionResetError):
            pass  # it had seen enough, and closed with some of the request unread
        return answer.removeprefix(INTERIM)


def test_hostile_requests(server: Server) -> None:
    """Each gets the status that it deserves, as a problem with all headers, also where the server itself refuses it."""
    with ThreadPoolExecutor(THREADS) as pool:  # some of them wait for as long as the server does
        answers = pool.map(lambda request: exchange(server, request[0]), REQUESTS.values())
        wrong = {
            name: answer[:400]
            for (name, (_, expected)), answer in zip(REQUESTS.items(), answers, strict=True)
            if _status(answer) not in expected or not _is_clean(answer)
        }
    assert wrong == {}
    assert server.get("/readyz")[0] == 200


def _status(answer: bytes) -> int | None:
    return int(answer.split()[1]) if answer.startswith(b"HTTP/1.1 ") else None


def _is_clean(answer: bytes) -> bool:
    """Return whether an answer has the headers of every answer, and is a problem where it refuses."""
    head, _, body = answer.partition(b"\r\n\r\n")
    if not {b"X-Request-ID", b"Content-Security-Policy", b"X-Content-Type-Options"} <= _names(head):
        return False
    if _status(answer) == HTTPStatus.OK:
        return True
    return b"application/problem+json" in head and json.loads(body)["status"] == _status(answer)


def _names(head: bytes) -> set[bytes]:
    return {line.partition(b":")[0] for line in head.split(b"\r\n")}


def test_own_refusals_in_log(server: Server, tmp_path: Path) -> None:
    """The request's id that a refusal of the server tells is in the log too."""
    answer = exchange(server, read("/" + "a" * 20_000))
    problem = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert (problem["status"], problem["title"]) == (414, HTTPStatus(414).phrase)
    (line,) = [line for line in (tmp_path / "log").read_text().splitlines() if problem["request_id"] in line]
    assert (json.loads(line)["event"], json.loads(line)["status"]) == ("request_refused", 414)


def test_expect_continue(server: Server) -> None:
    """A client that asks first is told to go on, and then gets its answer."""
    body = json.dumps({"username": "alice", "password": "alice-has-a-password"}).encode()
    with socket.create_connection((LOOPBACK, server.port), timeout=LONGEST_S) as connection:
        connection.sendall(f"{LOGIN}Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n".encode())
        assert connection.recv(1024).startswith(INTERIM)
        connection.sendall(body)
        assert connection.recv(1024).startswith(b"HTTP/1.1 200 OK\r\n")


def test_halting_clients(server: Server) -> None:
    """Clients that begin a request and fall silent, more than there are threads, do not keep others out for good."""
    silent = [socket.create_connection((LOOPBACK, server.port), timeout=LONGEST_S) for _ in range(THREADS + 1)]
    for connection in silent:
        connection.sendall(LOGIN.encode())
    assert server.get("/livez")[0] == 200
    for connection in silent:
        connection.close()
    assert server.get("/livez")[0] == 200


def test_doling_clients(server: Server) -> None:
    """Clients that send a byte now and then, as many as there are threads, are cut off: none keeps its thread."""
    failed = Event()
    with ThreadPoolExecutor(THREADS) as pool:
        doling = [pool.submit(_dole_out, server, failed) for _ in range(THREADS)]
        try:
            assert wait(doling, timeout=LONGEST_S).not_done == set()
        finally:
            failed.set()
    assert server.get("/livez")[0] == 200


def _dole_out(server: Server, stop: Event) -> None:
    with socket.create_connection((LOOPBACK, server.port), timeout=LONGEST_S) as connection, suppress(OSError):
        connection.sendall(LOGIN.encode())
        while not stop.wait(0.1):
            connection.sendall(b"X")
