"""A request without an answer is a failed check of its operation; any other error of a run stays one."""

from typing import Any

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
