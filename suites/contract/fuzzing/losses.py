"""Requests that got no answer, as the engine's events tell of them, become failed checks of their operation."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from suites.contract.findings.causes import operation_of

_ENDED = ("answer_is_whole", "The connection ended before there was a whole answer")
_LATE = ("answer_in_time", "No answer in time")
LOSSES = {
    "ReadTimeout": _LATE,
    "ConnectTimeout": _LATE,
    "Timeout": _LATE,
    "EndlessAnswer": ("answer_ends", "An answer without end"),
    "ConnectionError": _ENDED,
    "ChunkedEncodingError": _ENDED,
}
"""What the error of a request is called, the check that it fails, and what that says."""

Event = Mapping[str, Any]
Scenario = tuple[str, dict[str, Any]]
"""A phase, and the recording of one finished scenario of it: cases, their checks and interactions."""


class Recorded:
    """What a run's events tell: `scenarios` that sent something, and `errors` that belong to no request."""

    def __init__(self, events: Iterable[Event]) -> None:
        self.scenarios: list[Scenario] = []
        self.errors: list[str] = []
        self._waiting: list[Mapping[str, Any]] = []
        """Errors of the scenario that has not finished yet."""
        for event in events:
            if error := event.get("NonFatalError"):
                self._waiting.append(error)
            elif finished := event.get("ScenarioFinished"):
                if finished["recorder"].get("cases"):
                    self._finish(finished["phase"], finished["recorder"])
                self._give_up()
        self._give_up()

    def _finish(self, phase: str, recorder: dict[str, Any]) -> None:
        recording = {"checks": {}, "interactions": {}, **recorder}
        lost: dict[str, list[str]] = {}
        for key in _unanswered(recording):
            lost.setdefault(operation_of(recording["cases"][key]), []).append(key)
        for operation, keys in lost.items():
            errors = [one for one in self._waiting if one["label"] == operation and one["value"]["type"] in LOSSES]
            self._waiting = [one for one in self._waiting if one not in errors]
            for key, error in _pairs(keys, errors):
                recording["checks"][key] = [*recording["checks"].get(key, ()), _failed(error)]
        self.scenarios.append((phase, recording))

    def _give_up(self) -> None:
        self.errors += [_line(error) for error in self._waiting]
        self._waiting.clear()


def _pairs(keys: Sequence[str], errors: Sequence[Event]) -> Iterator[tuple[str, Event]]:
    """Yield which request was lost by which error, as far as that is told.

    Schemathesis tells each error once, in the order of the requests that it came up with first. So one kind is that of
    all of them; of several, the first is of the first request, and the others are of the last ones at the latest.
    """
    if len({LOSSES[error["value"]["type"]] for error in errors}) == 1:
        yield from ((key, errors[0]) for key in keys)
    elif errors:
        yield keys[0], errors[0]
        rest = errors[1:]
        yield from zip(keys[-len(rest) :], rest, strict=False)


def _unanswered(recorder: Mapping[str, Any]) -> Iterator[str]:
    for key in recorder["cases"]:
        interaction = recorder["interactions"].get(key) or {}
        if interaction.get("request") and not interaction.get("response"):
            yield key


def _failed(error: Mapping[str, Any]) -> dict[str, Any]:
    check, title = LOSSES[error["value"]["type"]]
    return {"name": check, "status": "failure", "failure_info": {"failure": {"title": title, "message": None}}}


def _line(error: Mapping[str, Any]) -> str:
    where, value = error.get("label") or error.get("phase") or "the run", error["value"]
    return f"{where}: {value['type']}: {' '.join(str(value['message']).split())}"
