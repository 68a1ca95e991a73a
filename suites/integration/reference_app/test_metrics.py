"""Metrics of one process."""

from concurrent.futures import ThreadPoolExecutor

from flask import Flask
from flask.testing import FlaskClient

from suites.integration.reference_app.calls import change, create
from suites.integration.reference_app.conftest import Auth


def metric(client: FlaskClient, name: str) -> float:
    """Return the value of the metric written exactly so, 0 when it is not there."""
    lines = client.get("/metrics", buffered=True).text.splitlines()
    return next((float(line.removeprefix(name)) for line in lines if line.startswith(f"{name} ")), 0.0)


def test_type(client: FlaskClient) -> None:
    """The page is Prometheus's text format."""
    assert client.get("/metrics").content_type == "text/plain; version=0.0.4; charset=utf-8"


def test_counts_by_template(client: FlaskClient, auth: Auth) -> None:
    """Requests count under the route's template, the method and the status; durations too."""
    auth.login("alice")
    for identity in (1, 2, 3):
        client.get(f"/api/pipelines/{identity}")
    route = 'method="GET",route="/api/pipelines/<pipeline_id>"'
    assert metric(client, f'http_requests_total{{{route},status="404"}}') == 3
    assert metric(client, f"http_request_duration_seconds_count{{{route}}}") == 3


def test_made_up_labels(client: FlaskClient) -> None:
    """Paths and methods that clients make up share one label each."""
    for number in range(3):
        client.open(f"/made/up/{number}", method=f"MADEUP{number}")
    assert metric(client, 'http_requests_total{method="unknown",route="unknown",status="404"}') == 3
    assert "made" not in client.get("/metrics").text


def test_in_flight(client: FlaskClient) -> None:
    """The request that asks is the only one in flight, also after others failed."""
    client.get("/nothing", buffered=True)
    assert metric(client, "http_requests_in_flight") == 1


def test_errors(app: Flask) -> None:
    """An unexpected error is a 500 problem that tells nothing, and counts under its class."""

    @app.get("/breaks")
    def breaks() -> str:
        raise ZeroDivisionError("a secret detail")

    client = app.test_client()
    response = client.get("/breaks")
    assert (response.status_code, response.content_type) == (500, "application/problem+json")
    assert "secret" not in response.text
    assert metric(client, 'http_request_errors_total{exception="ZeroDivisionError"}') == 1


def test_pipelines_by_status(client: FlaskClient, auth: Auth) -> None:
    """The business metric follows the pipelines, statuses without any included."""
    auth.login("alice")
    for _ in range(2):
        path = create(client).headers["Location"]
    change(client, path, status="running")
    counts = [metric(client, f'pipelines{{status="{status}"}}') for status in ("queued", "running", "success")]
    assert counts == [1, 1, 0]


def test_counted_once_in_a_while(client: FlaskClient, auth: Auth) -> None:
    """Scrapes that come close together count the pipelines once: counting a million takes long."""
    auth.login("alice")
    before = metric(client, 'pipelines{status="queued"}')
    client.post("/api/pipelines", json={"name": "build"})
    assert (before, metric(client, 'pipelines{status="queued"}')) == (0, 0)


def test_counts_of_many_threads(app: Flask) -> None:
    """Requests of several threads are all counted, and nothing is left in flight or in use."""
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _number: app.test_client().get("/readyz", buffered=True), range(200)))
    client = app.test_client()
    assert metric(client, 'http_requests_total{method="GET",route="/readyz",status="200"}') == 200
    assert metric(client, 'http_request_duration_seconds_count{method="GET",route="/readyz"}') == 200
    assert (metric(client, "http_requests_in_flight"), metric(client, "database_connections_in_use")) == (1, 0)


def test_cache_by_kind(client: FlaskClient, auth: Auth) -> None:
    """Hits and misses count by what was asked for, fills too."""
    auth.login("alice")
    for path in ("/api/pipelines", "/api/pipelines", "/api/pipelines/statistics"):
        client.get(path)
    found = {
        (kind, result): metric(client, f'cache_lookups_total{{kind="{kind}",result="{result}"}}')
        for kind in ("pipelines", "statistics")
        for result in ("hit", "miss")
    }
    expected = {("pipelines", "hit"): 1, ("pipelines", "miss"): 1, ("statistics", "hit"): 0, ("statistics", "miss"): 1}
    assert found == expected
    assert metric(client, 'cache_fills_total{kind="pipelines"}') == 1
