"""The reference app with one fault, named by FAULT: for tests that prove the harness sees it.

Start one by hand with `FAULT=unhandled_error python -m harness check --target suites/specimens/target.toml`.
"""

import os
import re
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from itertools import count
from typing import Any, cast

from werkzeug.wsgi import ClosingIterator

from reference_app import create_app
from suites.specimens.contract_faults import CONTRACT_FAULTS, broken_contract

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
SLOW_S = 3.0
ONE_PIPELINE = re.compile(r"/api/pipelines/[0-9]+")


def unhandled_error(app: Application) -> Application:
    """Answer 500 to every read of one pipeline."""

    def broken(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"].split("/")
        if environ["REQUEST_METHOD"] == "GET" and path[1:3] == ["api", "pipelines"] and len(path) == 4:
            start_response("500 INTERNAL SERVER ERROR", [("Content-Type", "text/html")])
            return [b"Traceback (most recent call last): ..."]
        return app(environ, start_response)

    return broken


def missing_header(app: Application) -> Application:
    """Forget X-Content-Type-Options on every answer."""

    def bare(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def without(status: str, headers: list[tuple[str, str]], *rest: object) -> object:
            kept = [(name, value) for name, value in headers if name.lower() != "x-content-type-options"]
            return start_response(status, kept, *rest)

        return app(environ, without)

    return bare


def slow_query(app: Application) -> Application:
    """Answer every list of pipelines late."""

    def slow(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/api/pipelines":
            time.sleep(SLOW_S)
        return app(environ, start_response)

    return slow


def open_door(app: Application) -> Application:
    """Let anybody read the list of pipelines, as if authentication had been forgotten there."""

    def unguarded(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/api/pipelines" and environ["REQUEST_METHOD"] == "GET":
            start_response("200 OK", [("Content-Type", "application/json")])
            return [b'{"items": [], "next_cursor": null}']
        return app(environ, start_response)

    return unguarded


def lost_update(app: Application) -> Application:
    """Take every change of a pipeline as one of whatever version there is."""

    def careless(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "PATCH":
            environ["HTTP_IF_MATCH"] = "*"
        return app(environ, start_response)

    return careless


def stale_read(app: Application) -> Application:
    """Keep the first answer to each read of one pipeline in this process, for ever."""
    kept: dict[str, tuple[str, list[tuple[str, str]], list[bytes]]] = {}

    def forgetful(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if environ["REQUEST_METHOD"] != "GET" or not ONE_PIPELINE.fullmatch(path):
            return app(environ, start_response)
        if path not in kept:
            told: list[Any] = []
            with closing(cast("ClosingIterator", app(environ, lambda *start: told.extend(start)))) as body:
                kept[path] = (told[0], told[1], list(body))
        status, headers, pieces = kept[path]
        start_response(status, headers)
        return pieces

    return forgetful


def lost_write(app: Application) -> Application:
    """Acknowledge every other new pipeline of this process, and forget it."""
    numbers = count()

    def forgetful(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "POST" and environ["PATH_INFO"] == "/api/pipelines" and next(numbers) % 2:
            start_response("201 CREATED", [("Content-Type", "application/json"), ("ETag", '"1"')])
            return [b'{"id": 999999999, "name": "never there"}']
        return app(environ, start_response)

    return forgetful


def none(app: Application) -> Application:
    """Change nothing: the control."""
    return app


PLANTED = (none, unhandled_error, missing_header, slow_query, open_door, lost_update, stale_read, lost_write)
FAULTS = {
    **{fault.__name__: fault for fault in PLANTED},
    **{f"contract_{fault.__name__}": fault for fault in CONTRACT_FAULTS},
    "broken_contract": broken_contract,
}

application = FAULTS[os.environ.get("FAULT", "none")](create_app().wsgi_app)
