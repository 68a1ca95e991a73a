"""Server-sent events over real HTTP: lines as they come, each once, and streams that end."""

import json
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from harness.wait import wait_for
from reference_app.backend import Backend
from reference_app.settings import Settings
from suites.integration.reference_app.audit_trail import until_settled
from suites.integration.reference_app.calls import change, create
from suites.integration.reference_app.conftest import Auth
from suites.integration.reference_app.event_reader import Event, EventReader
from suites.integration.reference_app.server import Server

ENDLESS = {"STREAM_LONGEST_S": "600", "WEB_THREADS": "8", "STREAMS_PER_PROCESS": "6"}
"""A server whose streams do not end by themselves within any test."""


@pytest.fixture
def token(auth: Auth) -> str:
    """Return the token of alice, who is the client's user."""
    return auth.login("alice")


@pytest.fixture
def path(client: FlaskClient, token: str) -> str:  # noqa: ARG001 - alice must be logged in
    """Return the path of a pipeline of alice's."""
    return create(client).headers["Location"]


def append(client: FlaskClient, path: str, *messages: str) -> list[str]:
    """Append lines and return their ids."""
    return [str(client.post(f"{path}/logs", json={"message": message}).json["id"]) for message in messages]


def messages(events: list[Event]) -> list[str]:
    """Return what the lines say."""
    return [json.loads(event["data"])["message"] for event in events if event["event"] == "log"]


def finish(client: FlaskClient, path: str) -> None:
    """Bring the pipeline to its end."""
    assert change(client, path, status="failed").status_code == 200


def test_tail(serve: Callable[..., Server], client: FlaskClient, token: str, path: str) -> None:
    """A stream tells the lines that are there, then each one as it is appended, then the end."""
    server = serve(**ENDLESS)
    append(client, path, "first")
    with EventReader(server.port, f"{path}/logs/stream", token) as reader:
        first = reader.next()
        assert first is not None
        assert reader.retry_ms == 1000
        assert json.loads(first["data"]) == client.get(f"{path}/logs").json["items"][0]
        (identity,) = append(client, path, "while tailing")
        second = reader.next()
        assert second is not None
        assert (second["id"], second["event"], messages([second])) == (identity, "log", ["while tailing"])
        append(client, path, "last\nline ☾")
        finish(client, path)
        rest = reader.rest()
    assert messages(rest) == ["last\nline ☾"]
    assert rest[-1] == {"event": "end", "data": "{}"}
    append(client, path, "late")
    with EventReader(server.port, f"{path}/logs/stream", token) as reader:
        assert messages(reader.rest()) == ["first", "while tailing", "last\nline ☾", "late"]


def test_resume(serve: Callable[..., Server], client: FlaskClient, token: str, path: str) -> None:
    """Who comes back with the last id gets each line once, also those written in between, however many."""
    server = serve(**ENDLESS)
    append(client, path, "0", "1", "2")
    with EventReader(server.port, f"{path}/logs/stream", token) as reader:
        seen = [event for _ in range(2) if (event := reader.next())]
    append(client, path, *map(str, range(3, 250)))
    finish(client, path)
    with EventReader(server.port, f"{path}/logs/stream", token, seen[-1]["id"]) as reader:
        seen += reader.rest()
    assert messages(seen) == [str(number) for number in range(250)]


def test_headers(server: Server, client: FlaskClient, token: str, path: str) -> None:
    """Nothing on the way stores a stream, or keeps it until it is complete."""
    finish(client, path)
    with EventReader(server.port, f"{path}/logs/stream", token) as reader:
        names = ("Content-Type", "Cache-Control", "X-Accel-Buffering")
        assert [reader.answer.headers[name] for name in names] == ["text/event-stream; charset=utf-8", "no-store", "no"]
        assert reader.rest()[-1]["event"] == "end"


def test_longest_time(serve: Callable[..., Server], client: FlaskClient, token: str, path: str) -> None:
    """After its longest time a stream ends properly, without the event that says that the log is over."""
    server = serve(STREAM_LONGEST_S="0.1")
    append(client, path, "first")
    with EventReader(server.port, f"{path}/logs/stream", token) as reader:
        assert [event["event"] for event in reader.rest()] == ["log"]


def test_pipeline_goes(serve: Callable[..., Server], client: FlaskClient, token: str, path: str) -> None:
    """When the pipeline is deleted, its log is over."""
    server = serve(**ENDLESS)
    append(client, path, "first")
    with EventReader(server.port, f"{path}/logs/stream", token) as reader:
        assert reader.next() is not None
        client.delete(path)
        assert [event["event"] for event in reader.rest()] == ["end"]


def test_too_many(serve: Callable[..., Server], token: str, path: str) -> None:
    """A process serves so many streams and no more; when a reader goes away, the next one may come."""
    server = serve(**ENDLESS | {"STREAMS_PER_PROCESS": "1"})

    def is_served() -> bool:
        with EventReader(server.port, f"{path}/logs/stream", token) as another:
            return another.answer.status == 200

    with EventReader(server.port, f"{path}/logs/stream", token):
        with EventReader(server.port, f"{path}/logs/stream", token) as refused:
            assert (refused.answer.status, refused.answer.headers["Retry-After"]) == (503, "2")
            assert refused.answer.headers["Content-Type"] == "application/problem+json"
        assert server.get("/livez")[0] == 200
    wait_for(is_served, what="the place of the reader that went away", timeout_s=60)


def test_no_connection_held(serve: Callable[..., Server], client: FlaskClient, token: str, path: str) -> None:
    """Streams that wait hold no connection to Postgres: with a pool of one, several streams and a request go on."""
    server = serve(**ENDLESS, DATABASE_POOL_SIZE="1", DATABASE_POOL_TIMEOUT_S="30")
    append(client, path, "first")
    readers = [EventReader(server.port, f"{path}/logs/stream", token) for _ in range(4)]
    assert [messages([event]) for reader in readers if (event := reader.next())] == [["first"]] * 4
    with EventReader(server.port, path, token) as ordinary:
        assert ordinary.answer.status == 200
    finish(client, path)
    for reader in readers:
        assert [event["event"] for event in reader.rest()] == ["end"]
        reader.close()


def test_shutdown(serve: Callable[..., Server], client: FlaskClient, token: str, path: str) -> None:
    """A server that is stopped brings its streams to a proper end, and does not wait for them to run out."""
    server = serve(**ENDLESS)
    append(client, path, "first")
    with EventReader(server.port, f"{path}/logs/stream", token) as reader:
        assert reader.next() is not None
        assert server.process.stop(grace_s=60) == 0
        assert reader.rest() == []


def test_audit_stream(
    serve: Callable[..., Server], client: FlaskClient, auth: Auth, path: str, backend: Backend
) -> None:
    """The audit stream starts now, tells what happens, and goes on where its reader left."""
    server = serve(**ENDLESS)
    admin = auth.login("admin")
    until_settled(backend)
    with EventReader(server.port, "/api/audit/stream", admin) as reader:
        start = reader.next()
        change(client, path, name="one")
        first = reader.next()
    assert start is not None
    assert start["event"] == "start"
    assert first is not None
    change(client, path, name="two")
    client.delete(path)
    with EventReader(server.port, "/api/audit/stream", admin, first["id"]) as reader:
        seen = [first, *(event for _ in range(2) if (event := reader.next()))]
    with EventReader(server.port, "/api/audit/stream", admin, start["id"]) as reader:
        assert seen == [reader.next() for _ in range(3)]
    told = [json.loads(event["data"]) for event in seen]
    assert [event["action"] for event in told] == ["pipeline.updated", "pipeline.updated", "pipeline.deleted"]
    assert client.get("/api/audit?limit=3").json["items"] == told[::-1]


def test_audit_stream_from_the_beginning(server: Server, auth: Auth, path: str) -> None:
    """0-0 is before everything."""
    admin = auth.login("admin")
    with EventReader(server.port, "/api/audit/stream", admin, "0-0") as reader:
        event = reader.next()
    assert event is not None
    told = json.loads(event["data"])
    assert f"/api/pipelines/{told['object_id']}" == path


@pytest.mark.parametrize(
    "identity", ["", "-1", "x", "1.0", "01", "9007199254740992", "9" * 30, "٣".encode().decode("latin-1")]
)
def test_bad_last_line(client: FlaskClient, path: str, identity: str) -> None:
    """A Last-Event-ID that is no line's id is 422, and named."""
    response = client.get(f"{path}/logs/stream", headers={"Last-Event-ID": identity})
    assert response.status_code == 422
    assert [(error["part"], error["pointer"]) for error in response.json["errors"]] == [("header", "/Last-Event-ID")]


@pytest.mark.parametrize("identity", ["", "5", "5-", "-5", "1-2-3", "9" * 19 + "-1", "1-" + "9" * 19, "a-b", "1 - 2"])
def test_bad_last_event(client: FlaskClient, auth: Auth, identity: str) -> None:
    """A Last-Event-ID that is no audit event's is 422, and named."""
    auth.login("admin")
    response = client.get("/api/audit/stream", headers={"Last-Event-ID": identity})
    assert response.status_code == 422
    assert [(error["part"], error["pointer"]) for error in response.json["errors"]] == [("header", "/Last-Event-ID")]


@pytest.mark.usefixtures("token")
def test_refusals_take_no_place(client: FlaskClient, settings: Settings) -> None:
    """A stream of nothing is 404, however often it is asked for."""
    for _ in range(settings.streams_per_process + 1):
        assert client.get("/api/pipelines/999/logs/stream").status_code == 404


def test_place_is_free_at_the_end(client: FlaskClient, path: str, settings: Settings) -> None:
    """Who has read a stream to its end may open the next one at once, before the server has closed the first."""
    finish(client, path)
    read = [client.get(f"{path}/logs/stream")]
    for _ in range(settings.streams_per_process + 1):
        assert read[-1].get_data().endswith(b"event: end\ndata: {}\n\n")
        read.append(client.get(f"{path}/logs/stream"))
        assert read[-1].status_code == 200
    for response in read:
        response.close()


def test_head_takes_no_place(client: FlaskClient, path: str, settings: Settings) -> None:
    """HEAD gets the headers, and leaves its place at once."""
    for _ in range(settings.streams_per_process + 1):
        response = client.head(f"{path}/logs/stream")
        assert (response.status_code, response.mimetype) == (200, "text/event-stream")
        response.close()
