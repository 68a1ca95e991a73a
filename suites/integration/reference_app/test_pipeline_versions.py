"""Optimistic concurrency: a change names the version that it changes, so nobody's change is lost."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from flask.testing import FlaskClient

from suites.integration.reference_app.calls import ANY_VERSION, change, create
from suites.integration.reference_app.conftest import Auth

WRITERS = 6
CHANGES_EACH = 5


@pytest.fixture
def path(client: FlaskClient, auth: Auth) -> str:
    """Return the path of a pipeline of alice's, who is logged in."""
    auth.login("alice")
    return create(client).headers["Location"]


def test_one_tag_everywhere(client: FlaskClient, auth: Auth) -> None:
    """Whoever gets one pipeline gets its tag: when it is made, read, changed."""
    auth.login("alice")
    created = create(client)
    path = created.headers["Location"]
    assert created.headers["ETag"] == client.get(path).headers["ETag"] == '"1"'
    changed = change(client, path, name="other")
    assert changed.headers["ETag"] == client.get(path).headers["ETag"] == '"2"'


@pytest.mark.parametrize("tags", ['"1"', 'W/"1"', '"9", "1"', "*"])
def test_not_modified(client: FlaskClient, path: str, tags: str) -> None:
    """A client that has the present version gets 304: the tag, and no body."""
    response = client.get(path, headers={"If-None-Match": tags})
    assert (response.status_code, response.data, response.headers["ETag"]) == (304, b"", '"1"')
    assert "Content-Type" not in response.headers


def test_modified(client: FlaskClient, path: str) -> None:
    """A client that has another version gets the present one."""
    assert client.get(path, headers={"If-None-Match": '"2", W/"3"'}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 428),
        ({"If-Match": '"1"'}, 200),
        ({"If-Match": '"7", "1"'}, 200),
        ({"If-Match": "*"}, 200),
        ({"If-Match": '"2"'}, 412),
        ({"If-Match": 'W/"1"'}, 412),
        ({"If-Match": '"01"'}, 412),
        ({"If-Match": "1"}, 422),
        ({"If-Match": ""}, 422),
        ({"If-Match": '*, "1"'}, 422),
    ],
)
def test_change(client: FlaskClient, path: str, headers: dict[str, str], status: int) -> None:
    """A change happens to the version that it names, strongly, and to no other."""
    response = client.patch(path, json={"name": "other"}, headers=headers)
    assert status == response.status_code
    assert client.get(path).json["name"] == ("other" if status == 200 else "build")


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 204), ({"If-Match": '"1"'}, 204), ({"If-Match": '"2"'}, 412), ({"If-Match": "x"}, 422)],
)
def test_delete(client: FlaskClient, path: str, headers: dict[str, str], status: int) -> None:
    """A deletion that names a version deletes that one; one that names none deletes any."""
    assert status == client.delete(path, headers=headers).status_code
    assert client.get(path).status_code == (404 if status == 204 else 200)


def test_malformed_tag_is_named(client: FlaskClient, path: str) -> None:
    """A header that is no list of tags is 422, and named."""
    for method, name in (("GET", "If-None-Match"), ("PATCH", "If-Match"), ("DELETE", "If-Match")):
        response = client.open(path, method=method, headers={name: '"x'}, json={} if method == "PATCH" else None)
        assert (response.status_code, response.content_type) == (422, "application/problem+json")
        assert [("header", f"/{name}")] == [(error["part"], error["pointer"]) for error in response.json["errors"]]


@pytest.mark.parametrize("changes", [{}, {"name": "build"}, {"status": "queued", "description": None}])
def test_change_of_nothing(client: FlaskClient, auth: Auth, path: str, changes: dict[str, str]) -> None:
    """What changes nothing keeps version and time, and leaves no event."""
    before = client.get(path)
    response = client.patch(path, json=changes, headers=ANY_VERSION)
    assert (before.headers["ETag"], before.json) == (response.headers["ETag"], response.json)
    auth.login("admin")
    assert client.get("/api/audit?action=pipeline.updated").json["items"] == []


def test_precondition_comes_after_right(client: FlaskClient, auth: Auth, path: str) -> None:
    """Whoever may not change a pipeline learns nothing of its version."""
    auth.login("bob")
    assert client.patch(path, json={}, headers={"If-Match": '"99"'}).status_code == 403


def test_no_lost_update(app: Flask, client: FlaskClient, auth: Auth, path: str) -> None:
    """Many writers at once, each of whom reads, adds a letter and tries again on 412: no letter is lost."""
    token = auth.login("alice")
    together = Barrier(WRITERS)

    def add_letters(letter: str) -> int:
        own = app.test_client()
        own.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        together.wait(60)
        refused = 0
        for _ in range(CHANGES_EACH):
            while True:
                read = own.get(path)
                changed = {"description": (read.json["description"] or "") + letter}
                answer = own.patch(path, json=changed, headers={"If-Match": read.headers["ETag"]})
                if answer.status_code == 200:
                    break
                assert answer.status_code == 412
                refused += 1
        return refused

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(add_letters, "abcdef"))
    end = client.get(path)
    assert sorted("abcdef" * CHANGES_EACH) == sorted(end.json["description"])
    assert end.headers["ETag"] == f'"{WRITERS * CHANGES_EACH + 1}"'


def test_one_of_many_wins(app: Flask, auth: Auth, path: str) -> None:
    """Of many changes to the same version exactly one happens; all others are 412."""
    token = auth.login("alice")
    together = Barrier(WRITERS)

    def rename(number: int) -> int:
        headers = {"Authorization": f"Bearer {token}", "If-Match": '"1"'}
        together.wait(60)
        return app.test_client().patch(path, json={"name": f"writer {number}"}, headers=headers).status_code

    with ThreadPoolExecutor(WRITERS) as pool:
        assert sorted(pool.map(rename, range(WRITERS))) == [200] + [412] * (WRITERS - 1)
