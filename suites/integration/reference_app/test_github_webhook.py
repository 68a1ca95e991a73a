"""GitHub's webhook: signed, safe against replay, never backwards."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import permutations
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import func, select

from reference_app.backend import Backend
from reference_app.models import WebhookDelivery
from reference_app.settings import Settings
from suites.factories import WebhookDeliveryFactory
from suites.integration.reference_app.calls import create
from suites.integration.reference_app.conftest import Auth, MakeApp, password_of
from suites.integration.reference_app.github import COMMIT, PATH, SHARED, deliver, headers_for, payload

LIFE = ("requested", "in_progress", "completed")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Return settings with the secret that the deliveries of these tests are signed with."""
    return settings.model_copy(update={"github_webhook_secret": SecretStr(SHARED)})


@pytest.fixture
def admin(client: FlaskClient, auth: Auth) -> FlaskClient:
    """Return a client whose user is admin; a webhook ignores users."""
    auth.login("admin")
    return client


def report(status: str, **run: Any) -> dict[str, Any]:
    """Return the payload for a status; only what is over has a conclusion."""
    return payload(**{"status": status, "conclusion": "success" if status == "completed" else None, **run})


def only_pipeline(client: FlaskClient) -> dict[str, Any]:
    """Return the one pipeline that there is."""
    (item,) = client.get("/api/pipelines").json["items"]
    return item


def test_new_run(admin: FlaskClient) -> None:
    """The first report of a run makes a pipeline with what the run tells, owned by nobody who can log in."""
    response = deliver(admin, payload())
    made = only_pipeline(admin)
    assert (response.status_code, response.json) == (200, {"result": "created", "pipeline_id": made["id"]})
    expected = {
        "name": "Check the payload",
        "workflow_name": "Tests",
        "branch": "main",
        "commit_sha": COMMIT,
        "commit_message": "build(test): check workflow run event payload",
        "run_id": 289782451,
        "run_number": 17,
        "run_attempt": 1,
        "status": "success",
        "started_at": "2026-01-05T16:33:24Z",
        "completed_at": "2026-01-05T16:34:54Z",
        "duration_s": 90.0,
        "owner": "github",
    }
    assert expected == {name: made[name] for name in expected}


def test_owner_cannot_log_in(client: FlaskClient, backend: Backend) -> None:
    """The account that owns reported runs is not active."""
    deliver(client, payload())
    with backend.work() as work:
        account = work.accounts.find("github")
    assert account is not None
    assert not account.active
    for password in ("-", "github", password_of("github")):
        assert client.post("/api/auth/login", json={"username": "github", "password": password}).status_code == 401


@pytest.mark.parametrize("order", [*permutations(LIFE)], ids=" ".join)
def test_any_order(admin: FlaskClient, order: tuple[str, ...]) -> None:
    """Deliveries of one run in any order end in the same pipeline; late ones are ignored."""
    results = [deliver(admin, report(status)).json["result"] for status in order]
    reached = [max(map(LIFE.index, order[: number + 1])) for number in range(3)]
    moved = [number == 0 or reached[number] > reached[number - 1] for number in range(3)]
    assert results == ["created" if number == 0 else "updated" if moved[number] else "ignored" for number in range(3)]
    end = only_pipeline(admin)
    assert (end["status"], end["started_at"], end["duration_s"]) == ("success", "2026-01-05T16:33:24Z", 90.0)


@pytest.mark.parametrize(
    ("status", "conclusion", "expected"),
    [
        ("requested", None, "queued"),
        ("queued", None, "queued"),
        ("waiting", None, "queued"),
        ("pending", None, "queued"),
        ("in_progress", None, "running"),
        ("completed", "success", "success"),
        ("completed", "failure", "failed"),
        ("completed", "cancelled", "failed"),
        ("completed", "timed_out", "failed"),
        ("completed", "startup_failure", "failed"),
        ("completed", None, "failed"),
    ],
)
def test_status(admin: FlaskClient, status: str, conclusion: str | None, expected: str) -> None:
    """Each status of GitHub's is one of ours."""
    deliver(admin, payload(status=status, conclusion=conclusion))
    assert expected == only_pipeline(admin)["status"]


def test_another_attempt(admin: FlaskClient) -> None:
    """A higher attempt starts the life anew; what is still told of the lower one is ignored."""
    deliver(admin, report("completed", conclusion="failure"))
    again = {"run_attempt": 2, "run_started_at": "2026-01-05T17:00:00Z", "updated_at": "2026-01-05T17:00:10Z"}
    assert deliver(admin, report("in_progress", **again)).json["result"] == "updated"
    running = only_pipeline(admin)
    assert (running["status"], running["run_attempt"], running["started_at"], running["completed_at"]) == (
        "running",
        2,
        "2026-01-05T17:00:00Z",
        None,
    )
    assert deliver(admin, report("completed")).json["result"] == "ignored"
    assert deliver(admin, report("completed", **again)).json["result"] == "updated"
    assert only_pipeline(admin)["duration_s"] == 10.0


def test_replay(admin: FlaskClient) -> None:
    """A delivery that was taken in before changes nothing, whatever it says now."""
    assert deliver(admin, report("in_progress"), delivery="one").json["result"] == "created"
    before = only_pipeline(admin)
    replayed = deliver(admin, report("completed"), delivery="one")
    assert (replayed.status_code, replayed.json) == (200, {"result": "replayed", "pipeline_id": None})
    assert before == only_pipeline(admin)


@pytest.mark.usefixtures("rows")
def test_old_deliveries_go(admin: FlaskClient, backend: Backend) -> None:
    """Each new delivery lets some go that GitHub sends no more; younger ones stay."""
    now = datetime.now(UTC)
    for days in (29, 31, 40):
        WebhookDeliveryFactory(received_at=now - timedelta(days=days))
    deliver(admin, payload())
    with backend.database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(WebhookDelivery)) == 2


def test_refused_delivery_may_come_again(admin: FlaskClient) -> None:
    """A delivery that could not be read was not taken in."""
    assert deliver(admin, report("nonsense"), delivery="one").status_code == 422
    assert deliver(admin, report("queued"), delivery="one").json["result"] == "created"


@pytest.mark.parametrize("event", ["ping", "push", "workflow_job", "deployment_status"])
def test_other_event(admin: FlaskClient, event: str) -> None:
    """Other events are taken in and ignored, whatever they hold; a replay of one is one too."""
    for result in ("ignored", "replayed"):
        response = deliver(admin, {"zen": "Keep it logically awesome.", "workflow_run": 5}, event=event, delivery="one")
        assert (response.status_code, response.json["result"]) == (200, result)
    assert admin.get("/api/pipelines").json["items"] == []


def test_run_of_a_user(admin: FlaskClient) -> None:
    """A run that somebody created a pipeline for moves that one, which stays theirs."""
    mine = create(admin, run_id=289782451, name="mine").json
    assert deliver(admin, payload()).json == {"result": "updated", "pipeline_id": mine["id"]}
    moved = only_pipeline(admin)
    assert (moved["name"], moved["owner"], moved["status"]) == ("mine", "admin", "success")
    assert admin.get(f"/api/pipelines/{mine['id']}").headers["ETag"] == '"2"'


def test_too_long_is_cut(admin: FlaskClient) -> None:
    """Texts too long for a pipeline are cut, characters that cannot be stored are left out."""
    deliver(
        admin,
        payload(
            display_title="t" * 500,
            name="n" * 500,
            head_branch="b" * 500,
            head_commit={"message": "m\0" * 9000},
        ),
    )
    made = only_pipeline(admin)
    assert [len(made[name]) for name in ("name", "workflow_name", "branch", "commit_message")] == [200, 200, 255, 4000]
    assert "\0" not in made["commit_message"]


def test_little_is_enough(admin: FlaskClient) -> None:
    """What GitHub may leave empty may be empty."""
    deliver(admin, payload(display_title="", name=None, head_branch=None, head_commit=None))
    made = only_pipeline(admin)
    assert (made["name"], made["workflow_name"], made["branch"], made["commit_message"]) == (
        "run 289782451",
        None,
        "HEAD",
        None,
    )


@pytest.mark.parametrize(
    ("run", "pointer"),
    [
        ({"id": 0}, "/workflow_run/id"),
        ({"id": 2**64}, "/workflow_run/id"),
        ({"id": "5"}, "/workflow_run/id"),
        ({"head_sha": "xyz"}, "/workflow_run/head_sha"),
        ({"run_number": 2**31}, "/workflow_run/run_number"),
        ({"run_attempt": 0}, "/workflow_run/run_attempt"),
        ({"status": "done"}, "/workflow_run/status"),
        ({"display_title": 5}, "/workflow_run/display_title"),
        ({"display_title": "\ud800"}, "/workflow_run/display_title"),
        ({"head_commit": {"message": None}}, "/workflow_run/head_commit/message"),
        ({"run_started_at": "yesterday"}, "/workflow_run/run_started_at"),
        ({"run_started_at": 5}, "/workflow_run/run_started_at"),
        ({"run_started_at": "0001-01-01T00:00:00Z"}, "/workflow_run/run_started_at"),
        ({"updated_at": "9999-12-31T23:59:59-12:00"}, "/workflow_run/updated_at"),
        ({"updated_at": "2026-02-30T00:00:00Z"}, "/workflow_run/updated_at"),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_malformed(admin: FlaskClient, run: dict[str, Any], pointer: str) -> None:
    """A payload that cannot be read is 422, names the place, and makes nothing."""
    response = deliver(admin, payload(**run))
    assert (response.status_code, response.content_type) == (422, "application/problem+json")
    assert [("body", pointer)] == [(error["part"], error["pointer"]) for error in response.json["errors"]]
    assert admin.get("/api/pipelines").json["items"] == []


@pytest.mark.parametrize("content", [{}, {"action": "completed"}, {"action": "completed", "workflow_run": None}])
def test_without_run(admin: FlaskClient, content: dict[str, Any]) -> None:
    """A workflow_run event without a run is 422."""
    response = deliver(admin, content)
    assert response.status_code == 422
    assert "/workflow_run" in [error["pointer"] for error in response.json["errors"]]


def test_dates_far_away(admin: FlaskClient) -> None:
    """The farthest moments that are taken can be read again."""
    far = {"run_started_at": "0002-01-01T00:00:00+14:00", "updated_at": "9998-12-31T23:59:59-12:00"}
    assert deliver(admin, payload(**far)).status_code == 200
    assert only_pipeline(admin)["duration_s"] > 0


@pytest.mark.parametrize("name", ["X-GitHub-Event", "X-GitHub-Delivery"])
@pytest.mark.parametrize("value", [None, "", "a b", "x" * 65, "é"], ids=ascii)
def test_headers(admin: FlaskClient, name: str, value: str | None) -> None:
    """A delivery says in 1 to 64 visible ASCII characters what it is, and which."""
    body = json.dumps(payload()).encode()
    headers = headers_for(body) | {name: value}
    response = admin.post(PATH, data=body, headers={key: value for key, value in headers.items() if value is not None})
    assert response.status_code == 422
    assert [("header", f"/{name}")] == [(error["part"], error["pointer"]) for error in response.json["errors"]]


@pytest.mark.parametrize("signature", [None, "", "sha256=", "sha256=" + "0" * 64, "sha1=" + "0" * 40, "é☾".encode()])
def test_bad_signature(admin: FlaskClient, signature: str | bytes | None) -> None:
    """What is not signed with the secret is 401, changes nothing, and is recorded as a denial."""
    body = json.dumps(payload()).encode()
    headers: dict[str, Any] = headers_for(body)
    del headers["X-Hub-Signature-256"]
    environ = {} if signature is None else {"HTTP_X_HUB_SIGNATURE_256": _as_wsgi(signature)}
    response = admin.post(PATH, data=body, headers=headers, environ_overrides=environ)
    assert (response.status_code, response.content_type) == (401, "application/problem+json")
    assert admin.get("/api/pipelines").json["items"] == []
    (denial,) = admin.get("/api/audit?outcome=denied").json["items"]
    assert denial["action"] == "webhooks.receive_github_delivery"


def _as_wsgi(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def test_signature_comes_first(client: FlaskClient) -> None:
    """Without a signature nothing else about the request is told."""
    for headers in ({}, {"Content-Type": "text/plain"}, {"X-GitHub-Event": "x" * 99}):
        assert client.post(PATH + "?x=1", data=b"{", headers=headers).status_code == 401


def test_changed_body(admin: FlaskClient) -> None:
    """A signature is of every byte of the body."""
    body = json.dumps(payload()).encode()
    assert admin.post(PATH, data=body + b" ", headers=headers_for(body)).status_code == 401


def test_without_secret(make_app: MakeApp) -> None:
    """Where no secret is configured, nothing is taken in, signed with what it may be."""
    app = make_app(github_webhook_secret=None)
    assert deliver(app.test_client(), payload()).status_code == 401


def test_audit(admin: FlaskClient) -> None:
    """What a delivery changes is recorded with its id; what it does not change is not."""
    for status in ("queued", "completed", "in_progress"):
        deliver(admin, report(status), delivery=f"delivery-{status}")
    events = admin.get("/api/audit?object_kind=pipeline").json["items"]
    told = [(event["action"], event["actor"], event["details"]["delivery"]) for event in reversed(events)]
    assert told == [
        ("pipeline.created_by_webhook", None, "delivery-queued"),
        ("pipeline.updated_by_webhook", None, "delivery-completed"),
    ]


def test_owner_is_audited(admin: FlaskClient) -> None:
    """The account that owns what is reported is made once, and that is recorded like any other account."""
    for number in range(2):
        deliver(admin, payload(id=number + 1), delivery=f"delivery-{number}")
    owner = next(user for user in admin.get("/api/users").json["items"] if user["username"] == "github")
    (made,) = admin.get(f"/api/audit?object_kind=user&object_id={owner['id']}").json["items"]
    assert (made["action"], made["actor"], made["details"]) == ("user.created", None, {"role": "member"})


def test_same_run_at_once(app: Flask, admin: FlaskClient) -> None:
    """Deliveries of a new run at the same moment make one pipeline, which ends where the farthest says."""
    reports = [report(status) for status in (*LIFE, *LIFE)]
    together = Barrier(len(reports))

    def send(content: dict[str, Any]) -> str:
        own = app.test_client()
        together.wait(60)
        return deliver(own, content).json["result"]

    with ThreadPoolExecutor(len(reports)) as pool:
        results = list(pool.map(send, reports))
    assert results.count("created") == 1
    assert set(results) <= {"created", "updated", "ignored"}
    assert only_pipeline(admin)["status"] == "success"


def test_same_delivery_at_once(app: Flask) -> None:
    """Of copies of one delivery at the same moment one has the effect."""
    copies = 6
    together = Barrier(copies)

    def send(_: int) -> str:
        own = app.test_client()
        together.wait(60)
        return deliver(own, payload(), delivery="one").json["result"]

    with ThreadPoolExecutor(copies) as pool:
        assert sorted(pool.map(send, range(copies))) == ["created"] + ["replayed"] * (copies - 1)
