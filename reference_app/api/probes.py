"""For machines: is the process alive, can it serve, how is it doing."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Literal

from flask import Response, current_app
from pydantic import BaseModel
from redis import Redis, RedisError
from sqlalchemy.exc import SQLAlchemyError

from reference_app.api.authentication import backend
from reference_app.api.blueprint import ApiBlueprint
from reference_app.api.json_body import json_response
from reference_app.api.problems import problem
from reference_app.api.responses import problems
from reference_app.metrics import Metrics

METRICS_EXTENSION = "reference_app.metrics"
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"

probe_routes = ApiBlueprint("probes", tag="Probes", protected=False)


class Alive(BaseModel):
    """The process answers."""

    status: Literal["alive"] = "alive"


class Health(BaseModel):
    """What the application needs, and whether it answers."""

    status: Literal["ok", "degraded"]
    postgres: Literal["up", "down"]
    redis: Literal["up", "down"]


@probe_routes.get("/livez", responses={"200": Alive})
def livez() -> Response:
    """Tell that the process is alive, whatever happens around it."""
    return json_response(Alive())


@probe_routes.get("/readyz", responses={"200": Health, **problems(503)})
def readyz() -> Response:
    """Tell whether requests can be served: Postgres and Redis answer."""
    health = _examine()
    if health.status == "ok":
        return json_response(health)
    headers = {"Retry-After": str(backend().settings.retry_after_s)}
    return problem(503, f"postgres is {health.postgres}, redis is {health.redis}", headers=headers)


@probe_routes.get("/health", responses={"200": Health})
def health() -> Response:
    """Tell how each needed service is; 200 also when one is down, for people and dashboards."""
    return json_response(_examine())


@probe_routes.get("/metrics", responses={"200": {"content": {"text/plain": {"schema": {"type": "string"}}}}})
def metrics() -> Response:
    """Show the metrics in Prometheus's text format."""
    measured: Metrics = current_app.extensions[METRICS_EXTENSION]
    return Response(measured.page(), HTTPStatus.OK, content_type=METRICS_TYPE)


def _examine() -> Health:
    postgres = _ask(backend().database.ping)
    redis = _ask(lambda: backend().redis.ask(Redis.ping))
    status: Literal["ok", "degraded"] = "ok" if postgres == redis == "up" else "degraded"
    return Health(status=status, postgres=postgres, redis=redis)


def _ask(ping: Callable[[], object]) -> Literal["up", "down"]:
    try:
        ping()
    except (SQLAlchemyError, RedisError):
        return "down"
    return "up"
