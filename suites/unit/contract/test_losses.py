"""A request without an answer is a failed check of its operation; any other error of a run stays one."""

from typing import Any

import pytest

from suites.contract.findings.causes import causes_of
from suites.contract.fuzzing.losses import Recorded


def lost(kind: str, label: str | None = "GET /late") -> dict[str, Any]:
    return {
        "NonFatalError": {"value": {"type": kind, "message": f"said\n  {kind}"}, "phase": "coverage", "label": label}
    }


def finished(*, answered: bool) -> dict[str, Any]:
    sent = {"method": "GET", "uri": "http://127.0.0.1/late", "headers": {}}
    recorder = {
        "cases": {"a": {"value": {"method": "GET", "path": "/late"}}},
        "interactions": {"a": {"request": sent, "response": {"status_code": 200} if answered else None}},
    }
    return {"ScenarioFinished": {"phase": "coverage", "recorder": recorder}}


def test_lost_request_is_a_finding() -> None:
    """Whatever became of the answer, the operation, the request and a name of the loss are known."""
    recorded = Recorded(
        [lost("ReadTimeout"), finished(answered=False), lost("EndlessAnswer"), finished(answered=False)]
    )
    causes = causes_of(recorded.scenarios)
    assert [(cause.operation, cause.check, cause.fault[0]) for cause in causes] == [
        ("GET /late", "answer_ends", "F905"),
        ("GET /late", "answer_in_time", "F904"),
    ]
    assert causes[0].sighting.answers == (None,)
    assert recorded.errors == []


def several(*answered: bool) -> dict[str, Any]:
    """Return a scenario of several calls of one operation, `/late?0` and so on."""
    one = finished(answered=True)["ScenarioFinished"]["recorder"]
    sent = one["interactions"]["a"]["request"]
    interactions = {
        str(at): {
            "request": {**sent, "uri": f"{sent['uri']}?{at}"},
            "response": {"status_code": 200} if there else None,
        }
        for at, there in enumerate(answered)
    }
    recorder = {"cases": dict.fromkeys(interactions, one["cases"]["a"]), "interactions": interactions}
    return {"ScenarioFinished": {"phase": "coverage", "recorder": recorder}}


@pytest.mark.parametrize(
    ("kinds", "answered", "found"),
    [
        (["ReadTimeout"], (False, True, False), {("answer_in_time", 2, "/late?0")}),
        (
            ["ReadTimeout", "ConnectionError"],
            (True, False, False),
            {("answer_in_time", 1, "/late?1"), ("answer_is_whole", 1, "/late?2")},
        ),
        (["EndlessAnswer", "EndlessAnswer"], (False, False), {("answer_ends", 2, "/late?0")}),
    ],
    ids=["one kind", "two kinds", "one kind with two messages"],
)
def test_several_losses_in_one_scenario(
    kinds: list[str], answered: tuple[bool, ...], found: set[tuple[str, int, str]]
) -> None:
    """Each request that was lost counts, and is shown for what became of it."""
    recorded = Recorded([*map(lost, kinds), several(*answered)])
    causes = causes_of(recorded.scenarios)
    assert found == {(cause.check, cause.seen, cause.sighting.steps[-1].path) for cause in causes}
    assert recorded.errors == []


def test_other_errors_stay_errors() -> None:
    """What belongs to no request, or is no loss of an answer, is told in one line."""
    events = [
        lost("ReadTimeout"),
        finished(answered=True),
        lost("InvalidSchema"),
        finished(answered=False),
        lost("X", None),
    ]
    recorded = Recorded(events)
    assert causes_of(recorded.scenarios) == ()
    assert recorded.errors == [
        "GET /late: ReadTimeout: said ReadTimeout",
        "GET /late: InvalidSchema: said InvalidSchema",
        "coverage: X: said X",
    ]
