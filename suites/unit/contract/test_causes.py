"""One cause, one finding."""

from typing import Any

import pytest

from suites.contract.findings.causes import causes_of, message_of, normalised

NOT_REFUSED = "Invalid data should have been rejected\nExpected: 4xx\nInvalid component:"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("'abc' is too long", "'a longer text' is too long"),
        ("41 is greater than the maximum of 40", "99 is greater than the maximum of 40"),
        ("no pipeline 0b1f6f0e-8f6b-4c52-9f3e-0a55aa7b2c11", "no pipeline 7b1f6f0e-8f6b-4c52-9f3e-0a55aa7b2c12"),
        ("wrong\n\nSchema: 1", "wrong\n\nSchema: 2"),
        *(
            (f"{NOT_REFUSED} parameter `most` in query - value greater than maximum", f"{NOT_REFUSED} {other}")
            for other in (
                "parameter `most` in query - incorrect type",
                "parameter `most` in query - violates `maximum` at /properties/most",
                "parameter `most` in query - violates `minimum`, `maximum` at /properties/most",
            )
        ),
        (
            "Wrong response to undeclared method. PUT returned 200",
            "Wrong response to undeclared method. QUERY returned 200",
        ),
        (
            "Wrong response to undeclared method. Unsupported method PUT returned 501, expected 405",
            "Wrong response to undeclared method. Unsupported method QUERY returned 501, expected 405",
        ),
        (
            "Invalid data accepted\nExpected: 400, 422\nInvalid component: parameter `q` in query - incorrect type",
            "Invalid data accepted\nExpected: 400\nInvalid component: parameter `q` in query - invalid enum value",
        ),
        (
            "Invalid data accepted\nExpected: 400\nInvalid component: in body - n: Incorrect type",
            "Invalid data accepted\nExpected: 400\nInvalid component: in body - n: Invalid enum value",
        ),
    ],
)
def test_same_cause(one: str, other: str) -> None:
    """Messages that differ in values, ids, numbers or what follows the first paragraph name the same cause."""
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize("place", ["parameter `p` in query", "parameter `q` in header", "in body - q"])
def test_inputs_are_causes_of_their_own(place: str) -> None:
    """Which input is not checked is the cause, in how many ways it was wrong is not."""
    assert normalised(f"Invalid component: {place}: Incorrect type").endswith(f"Invalid component: {place}")
    known = "Invalid component: parameter `q` in query - incorrect type"
    assert normalised(f"Invalid component: {place} - incorrect type") != normalised(known)


def test_statuses_are_causes_of_their_own() -> None:
    """An answer of another status is wrong for another reason."""
    said = "Wrong response to undeclared method. Unsupported method PUT returned"
    assert normalised(f"{said} 200") != normalised(f"{said} 405")


SAID = (
    'null is not of type "string"\n\nValidated against the response schema for status code {}.\n\nSchema at {}:\n\n  T'
)


def test_places_in_answers_are_causes_of_their_own() -> None:
    """Which part of which answer is wrong is the cause, as Schemathesis tells it, further down."""
    places = [("200", "/properties/a"), ("200", "/properties/b"), ("404", "/properties/a")]
    told = {message_of("x", ("Response violates schema", SAID.format(*place)), "/", None) for place in places}
    assert told == {f"Response violates schema. null is not of type <value> at {one} at {two}" for one, two in places}


def test_headers_that_may_be_missing_are_causes_of_their_own() -> None:
    """Which header is not asked for is the cause itself."""
    said = "Missing header not rejected. Got 200 when missing required '{}' header, expected 400, 401"
    assert normalised(said.format("If-Match")) != normalised(said.format("Idempotency-Key"))


def test_missing_fields_are_causes_of_their_own() -> None:
    """Which field is missing is the cause itself."""
    assert normalised("'id' is a required property") != normalised("'name' is a required property")


def recorder(*bodies: str) -> dict[str, Any]:
    failure = {"title": "Server error", "message": "", "operation": "POST /things"}
    return {
        "cases": {body: {"value": {"method": "POST", "path": "/things"}} for body in bodies},
        "interactions": {
            body: {
                "request": {"method": "POST", "uri": f"http://127.0.0.1/things?{body}", "headers": {}},
                "response": {"status_code": 500},
            }
            for body in bodies
        },
        "checks": {
            body: [{"name": "not_a_server_error", "status": "failure", "failure_info": {"failure": failure}}]
            for body in bodies
        },
    }


def test_lightest_case_stands_for_its_cause() -> None:
    """However often it is seen, a cause is one finding, shown by the shortest request."""
    (cause,) = causes_of([("fuzzing", recorder("q=longer", "q=1", "q=long"))])
    assert (cause.seen, cause.sighting.steps[-1].path) == (3, "/things?q=1")
    assert cause.fault == ("F100", "HTTP status 500")


@pytest.mark.parametrize(
    ("location", "received"),
    [
        (None, "302"),
        ("/things/7", "302, which leads to /things/<number>"),
        ("https://other.example:81/x?y=1", "302, which leads to https://other.example:81"),
    ],
)
def test_undocumented_status_is_named(location: str | None, received: str) -> None:
    """Which status nobody documented, and where it leads, is the cause itself."""
    recording = recorder("q=1")
    recording["interactions"]["q=1"]["response"] = {
        "status_code": 302,
        "headers": {} if location is None else {"location": [location]},
    }
    (check,) = recording["checks"]["q=1"]
    check["name"] = "status_code_conformance"
    check["failure_info"] = {"failure": {"title": "Undocumented status", "message": "Received: 302\nDocumented: 200"}}
    (cause,) = causes_of([("fuzzing", recording)])
    assert cause.message == f"Undocumented status. Received: {received}"


def test_deletion_belongs_to_what_it_should_have_ended() -> None:
    """What reads a deleted thing is shown together with the deletion, and with what that was made from."""
    recording = recorder("made", "deleted", "other", "read")
    (check,) = recording["checks"]["read"]
    recording["checks"] = {"read": [{**check, "name": "use_after_free"}]}
    check["failure_info"]["failure"]["operation"] = "DELETE /things"
    recording["cases"]["deleted"] = {"value": {"method": "DELETE", "path": "/things"}, "parent_id": "made"}
    (cause,) = causes_of([("stateful", recording)])
    assert [cause.sighting.steps[position].path for position in cause.sighting.chain] == [
        "/things?made",
        "/things?deleted",
        "/things?read",
    ]


WITHOUT = "Got 200 when missing required 'Authorization' header, expected 401"
SERVER_ERROR, UNDOCUMENTED = ("not_a_server_error", ""), ("status_code_conformance", "")
IGNORED, MISSING = ("ignored_auth", ""), ("missing_required_header", WITHOUT)


@pytest.mark.parametrize(
    ("status", "failures", "expected"),
    [
        (500, [SERVER_ERROR, UNDOCUMENTED], [SERVER_ERROR]),
        (503, [UNDOCUMENTED], [UNDOCUMENTED]),
        (418, [SERVER_ERROR, UNDOCUMENTED], [SERVER_ERROR, UNDOCUMENTED]),
        (200, [IGNORED, MISSING], [IGNORED]),
        (200, [MISSING], [MISSING]),
        (200, [IGNORED, ("missing_required_header", WITHOUT.replace("Auth", "X-Auth"))], None),
    ],
)
def test_echoes(status: int, failures: list[tuple[str, str]], expected: list[tuple[str, str]] | None) -> None:
    """That nobody documented a server error, or that credentials may be missing, is said by the other finding."""
    recording = recorder("a")
    recording["interactions"]["a"]["response"]["status_code"] = status
    (failed,) = recording["checks"]["a"]
    recording["checks"]["a"] = [
        {**failed, "name": name, "failure_info": {"failure": {"title": "Wrong", "message": message}}}
        for name, message in failures
    ]
    found = causes_of([("coverage", recording)])
    assert [cause.check for cause in found] == [name for name, _ in (failures if expected is None else expected)]


@pytest.mark.parametrize(
    ("messages", "left"),
    [
        (["in body", "in body - stars"], ["in body - stars"]),
        (["in body", "Missing required property: title"], ["Missing required property: title"]),
        (["in body", "parameter `q` in query"], ["in body", "parameter `q` in query"]),
        (["in body - stars", "in body - violates `maximum` at /properties/stars (was x)"], ["in body - stars"]),
        (
            ["Missing required property: title", "in body - violates `required` at /$ref/schema1 (was x)"],
            ["Missing required property: title"],
        ),
        (["in body - stars", "in body - name"], ["in body - name", "in body - stars"]),
    ],
)
def test_bodies_in_other_words(messages: list[str], left: list[str]) -> None:
    """What is accepted in a body is one finding, by the name of the property where one is told."""
    recording = recorder("a")
    (failed,) = recording["checks"]["a"]
    failures = [{"title": "Accepted", "message": f"Invalid component: {message}"} for message in messages]
    recording["checks"]["a"] = [
        {**failed, "name": "negative_data_rejection", "failure_info": {"failure": one}} for one in failures
    ]
    found = [cause.message.split("Invalid component: ")[1] for cause in causes_of([("coverage", recording)])]
    assert found == left
