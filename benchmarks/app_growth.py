"""Whether the app slows as its table grows: the routes at a thousand, a hundred thousand and a million pipelines.

The cache is off: with it, the rows would not be asked for.
"""

import os
from collections.abc import Iterator, Mapping
from unittest.mock import patch

from flask.testing import FlaskClient

from benchmarks.app_requests import Requests
from benchmarks.app_servers import GTHREAD, stage
from benchmarks.http_loop import SUCCESS, run_loop
from benchmarks.record import Sample
from reference_app import create_app
from reference_app.api.authentication import EXTENSION
from suites.integration.reference_app.statements import noted_statements

ROWS = (1_000, 100_000, 1_000_000)
ROUTES = ("list", "read", "create", "update")
DURATION_S = 3.0
UNCACHED = {"CACHE_TYPE": "null"}


def measure(repeats: int) -> Iterator[Mapping[Sample, float]]:
    """Yield p50 of each route at each size, one connection, sizes in turn; and how many queries one request takes."""
    with stage() as (scene, databases):
        environments = {rows: scene.environment(databases, rows) | UNCACHED for rows in ROWS}
        served = {rows: scene.serve(GTHREAD, environment) for rows, environment in environments.items()}
        queries = {rows: _queries(environment, rows) for rows, environment in environments.items()}
        for _ in range(repeats):
            found: dict[Sample, float] = {}
            for route in ROUTES:
                for rows, server in served.items():
                    make = getattr(Requests(server.login(), rows, seed=len(found)), route)
                    loop = run_loop(server.port, make, connections=1, duration_s=DURATION_S)
                    found[f"{route}@{rows}", "p50_ms", "ms"] = loop.percentile_ms(50)
                    found[f"{route}@{rows}", "queries", ""] = queries[rows][route]
                least, most = (found[f"{route}@{rows}", "p50_ms", "ms"] for rows in (ROWS[0], ROWS[-1]))
                found[route, "p50_growth", "x"] = most / least
            yield found


def _queries(environment: Mapping[str, str], rows: int) -> dict[str, int]:
    """Count the statements of one request per route, in an app of this process on the same database."""
    with patch.dict(os.environ, environment):
        app = create_app()
    client = app.test_client()
    login = client.post("/api/auth/login", json={"username": "alice", "password": "alice-in-development"})
    assert login.json is not None
    requests = Requests({"Authorization": f"Bearer {login.json['token']}"}, rows)
    counted = {}
    for route in ROUTES:
        with noted_statements() as statements:
            _send(client, getattr(requests, route)())
        counted[route] = len(statements)
    app.extensions[EXTENSION].close()
    return counted


def _send(client: FlaskClient, raw: bytes) -> None:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, path, _version = first.split(" ")
    headers = dict(line.split(": ", 1) for line in lines)
    answer = client.open(path, method=method, headers=headers, data=body)
    assert answer.status_code in SUCCESS, answer.text
