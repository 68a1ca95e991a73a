"""Three routes of the reference app, as plain Flask with psycopg and nothing else: what its stack is compared with.

BARE_CACHE=yes keeps the answers in Redis for half a minute.
"""

import os
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, json
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool
from redis import Redis

CACHED_S = 30
COLUMNS = """
    pipelines.id, name, description, status, username AS owner, branch, commit_sha, commit_message, workflow_name,
    run_id, run_number, run_attempt, started_at, completed_at, duration_s, pipelines.created_at, updated_at, version
"""
FROM = "FROM pipelines JOIN admins ON admins.id = owner_id"
ONE = f"SELECT {COLUMNS} {FROM} WHERE pipelines.id = %s"
LIST = f"SELECT {COLUMNS} {FROM} ORDER BY pipelines.created_at DESC, pipelines.id DESC LIMIT 21"
STATUSES = "SELECT status, count(*) FROM pipelines GROUP BY status"
OWNERS = """
    SELECT username, counted FROM admins
    JOIN (SELECT owner_id, count(*) AS counted FROM pipelines GROUP BY owner_id) owners ON owner_id = id
"""
DAYS = """
    SELECT (created_at AT TIME ZONE 'UTC')::date AS day, count(*) FROM pipelines
    WHERE created_at >= now() - interval '30 days' GROUP BY day
"""

app = Flask(__name__)
pool = ConnectionPool(os.environ["DATABASE_URL"], min_size=8, max_size=8, open=False)
redis = Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)
keeps = os.environ.get("BARE_CACHE") == "yes"


def rows(statement: str, *values: object) -> list[dict[str, Any]]:
    """Return what the statement finds."""
    pool.open()
    with pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement, values).fetchall()


def answer(key: str, make: Callable[[], object]) -> Response:
    """Return JSON, from Redis when it is there."""
    body = redis.get(key) if keeps else None
    if body is None:
        body = json.dumps(make())
        if keeps:
            redis.set(key, body, ex=CACHED_S)
    return Response(body, mimetype="application/json")


@app.get("/api/pipelines/<int:identity>")
def read(identity: int) -> Response:
    """Read one pipeline."""
    return answer(f"bare:{identity}", lambda: rows(ONE, identity)[0])


@app.get("/api/pipelines")
def newest() -> Response:
    """List the newest pipelines."""
    return answer("bare:list", lambda: {"items": rows(LIST)[:20]})


@app.get("/api/pipelines/statistics")
def statistics() -> Response:
    """Count pipelines by status, owner and day."""
    return answer(
        "bare:statistics",
        lambda: {"statuses": rows(STATUSES), "owners": rows(OWNERS), "days": rows(DAYS)},
    )
