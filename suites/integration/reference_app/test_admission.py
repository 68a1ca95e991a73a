"""What is told without Flask: to nobody, and in no way, to whom and in which Flask's side would not tell it."""

import pytest
from flask import Flask, request_started
from flask.testing import FlaskClient

from suites.integration.reference_app.calls import change, create
from suites.integration.reference_app.conftest import Auth, MakeApp
from suites.integration.reference_app.test_api_tokens import issue
from suites.integration.reference_app.test_cache import LIST, twin
from suites.integration.reference_app.test_metrics import metric

BODY = b"x" * 100_000


@pytest.fixture
def path(client: FlaskClient, auth: Auth) -> str:
    """Return the path of a pipeline of alice, who is logged in; list and pipeline are kept."""
    auth.login("alice")
    path = create(client).headers["Location"]
    for each in (path, LIST):
        client.get(each)
    return path


def test_same_answer(client: FlaskClient, path: str) -> None:
    """A kept answer has the body and headers of the one that was made, but for those that tell time and place."""
    changing = {"X-Cache", "Age", "X-Request-ID", "RateLimit"}
    made, kept = client.get(f"{LIST}?limit=7"), client.get(f"{LIST}?limit=7")
    assert [made.headers["X-Cache"], kept.headers["X-Cache"]] == ["MISS", "HIT"]
    assert made.data == kept.data
    told = [{pair for pair in each.headers if pair[0] not in changing} for each in (made, kept)]
    assert told[0] == told[1]
    assert path


def test_one_pipeline(client: FlaskClient, path: str, make_app: MakeApp) -> None:
    """A pipeline is told without Flask also where nothing is kept, and as Flask's side would tell it."""
    reader, heard = twin(client, make_app(cache_type="null")), list[Flask]()
    with request_started.connected_to(lambda app, **_: heard.append(app), reader.application):
        without = reader.get(path)
        assert heard == []
        within = reader.get(path, data=b"{}")
        assert heard == [reader.application]
    changing = {"X-Request-ID", "RateLimit"}
    told = [{pair for pair in each.headers if pair[0] not in changing} for each in (without, within)]
    assert (without.data, without.headers["X-Cache"], told[0]) == (within.data, "BYPASS", told[1])


@pytest.mark.parametrize(("pipeline_id", "status"), [(2**53 - 1, 404), (2**53, 422)])
def test_no_pipeline(client: FlaskClient, path: str, pipeline_id: int, status: int) -> None:
    """What is no pipeline, or cannot be one, is a problem like any other."""
    response = client.get(f"/api/pipelines/{pipeline_id}")
    assert (status, "application/problem+json") == (response.status_code, response.mimetype)
    assert path


def test_head(client: FlaskClient, path: str) -> None:
    """HEAD has the headers of GET, and no body."""
    head, get = client.head(path), client.get(path)
    assert (head.status_code, head.data, head.headers["X-Cache"]) == (200, b"", "HIT")
    assert head.headers["Content-Length"] == get.headers["Content-Length"] == str(len(get.data))


def test_not_modified(client: FlaskClient, path: str) -> None:
    """Who has the kept version gets 304 with its tag, and neither body nor type; who has another gets it."""
    same = client.get(path, headers={"If-None-Match": 'W/"1"'})
    assert (same.status_code, same.data, same.headers["ETag"], same.headers["X-Cache"]) == (304, b"", '"1"', "HIT")
    assert "Content-Type" not in same.headers
    other = client.get(path, headers={"If-None-Match": '"2"'})
    assert (other.status_code, other.headers["X-Cache"]) == (200, "HIT")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"query_string": "x=1"}, 422),
        ({"headers": {"If-None-Match": "no tag"}}, 422),
        ({"data": BODY}, 413),
        ({"headers": {"Authorization": ""}}, 401),
        ({"headers": {"Authorization": f"Bearer {'x' * 43}"}}, 401),
        ({"method": "OPTIONS"}, 200),
        ({"method": "PUT"}, 405),
    ],
    ids=["unknown parameter", "bad condition", "body too large", "nobody", "unknown", "OPTIONS", "another method"],
)
def test_refused_all_the_same(client: FlaskClient, path: str, changes: dict[str, object], status: int) -> None:
    """That an answer is kept lets nobody past what the request would be refused for."""
    response = client.open(path, **changes)
    assert status == response.status_code
    assert "X-Cache" not in response.headers


def test_limit(client: FlaskClient, path: str, make_app: MakeApp) -> None:
    """Kept answers count like others, say where the user stands, and end with the limit."""
    reader = twin(client, make_app(ratelimit_default="3 per hour"))
    answers = [reader.get(f"{path}/logs") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    kept = reader.get(LIST)  # a route of its own, asked once before
    assert (kept.status_code, kept.headers["X-Cache"], kept.headers["RateLimit"][:20]) == (
        200,
        "HIT",
        '"default-hour";r=1;t',
    )
    assert [reader.get(LIST).status_code for _ in range(2)] == [200, 429]


def test_plain_http(client: FlaskClient, path: str, make_app: MakeApp) -> None:
    """Under FORCE_HTTPS not even a kept answer goes out over plain HTTP."""
    reader = twin(client, make_app(force_https=True))
    assert reader.get(path, base_url="https://localhost").headers["X-Cache"] == "HIT"
    assert reader.get(path).status_code == 403


def test_refused_request_leaves_nothing(client: FlaskClient, path: str, make_app: MakeApp, auth: Auth) -> None:
    """What was looked up for a request that was then refused answers no later one of the same thread."""
    reader = twin(client, make_app(ratelimit_default="2 per hour"))
    assert [reader.get(path).status_code for _ in range(2)] == [200, 429]  # one was made by the fixture
    change(client, path, name="second")
    reader.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {issue(client, auth, 'bob')}"
    assert reader.get(path).json["name"] == "second"


def test_metrics(client: FlaskClient, path: str) -> None:
    """Kept answers count among the requests, and as hits."""
    client.get(path)
    route = 'method="GET",route="/api/pipelines/<pipeline_id>",status="200"'
    assert metric(client, f"http_requests_total{{{route}}}") == 2
    assert metric(client, 'cache_lookups_total{kind="pipeline",result="hit"}') == 1
