"""The NDJSON events of Schemathesis (`--report ndjson`). Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from loadtests.replay.things import Recorded, Sequence, thing_made


class _Bytes(msgspec.Struct, frozen=True):
    base64: bytes = msgspec.field(name="$base64")


class _Sent(msgspec.Struct, frozen=True):
    method: str
    uri: str
    headers: dict[str, list[str]] = {}
    body: _Bytes | None = None


class _Answered(msgspec.Struct, frozen=True):
    status_code: int
    headers: dict[str, list[str]] = {}
    content: _Bytes | None = None
    elapsed: float = 0.0


class _Interaction(msgspec.Struct, frozen=True):
    request: _Sent
    response: _Answered | None = None


class _Value(msgspec.Struct, frozen=True):
    path: str | None = None
    auth_identity: str | None = None


class _Case(msgspec.Struct, frozen=True):
    value: _Value = _Value()
    parent_id: str | None = None


class _Check(msgspec.Struct, frozen=True):
    status: str = ""


class _Recorder(msgspec.Struct, frozen=True):
    cases: dict[str, _Case] = {}
    checks: dict[str, list[_Check]] = {}
    interactions: dict[str, _Interaction] = {}


def sequences_of_events(events: Iterable[Any]) -> list[Sequence]:
    """Return each case with all that came of it: the steps of a scenario, and what checks sent.

    Raises:
        ValueError: these are no events of Schemathesis; says which.

    """
    sequences: list[Sequence] = []
    for number, event in enumerate(events, 1):
        if not isinstance(event, Mapping) or len(event) != 1 or not isinstance(next(iter(event.values())), Mapping):
            raise ValueError(f"is neither a HAR (which has `log`) nor events of Schemathesis (line {number})")
        if "ScenarioFinished" in event:
            try:
                recorder = msgspec.convert(event["ScenarioFinished"].get("recorder", {}), _Recorder)
            except msgspec.ValidationError as error:
                raise ValueError(f"line {number}: is no event of Schemathesis: {error}") from None
            sequences.extend(_sequences(recorder))
    return sequences


def _sequences(recorder: _Recorder) -> Iterator[Sequence]:
    """Yield the requests of each first case and its descendants, in the order in which they were sent."""
    families: dict[str, list[Recorded]] = {}
    for name, interaction in recorder.interactions.items():
        case = recorder.cases.get(name, _Case())
        failed = any(check.status == "failure" for check in recorder.checks.get(name, ()))
        families.setdefault(_first(name, recorder.cases), []).append(_recorded(interaction, case.value, failed=failed))
    yield from map(tuple, families.values())


def _first(name: str, cases: Mapping[str, _Case]) -> str:
    for _ in cases:  # at most so many: a file may say that a case comes of itself
        parent = cases[name].parent_id if name in cases else None
        if parent is None:
            break
        name = parent
    return name


def _recorded(interaction: _Interaction, case: _Value, *, failed: bool) -> Recorded:
    sent, answered = interaction.request, interaction.response
    status = answered.status_code if answered else 0
    made = None
    if answered:
        location = next((values[0] for name, values in answered.headers.items() if _is_location(name, values)), "")
        body = answered.content.base64 if answered.content else None
        made = thing_made(sent.method, urlsplit(sent.uri).path, status, location, body)
    return Recorded(
        method=sent.method,
        url=sent.uri,
        headers=tuple((name, ", ".join(values)) for name, values in sent.headers.items()),
        body=sent.body.base64 if sent.body else None,
        status=status,
        elapsed_s=answered.elapsed if answered else 0.0,
        failed=failed or status == 0 or status >= 500,  # noqa: PLR2004 - server errors
        made=made,
        identity=case.auth_identity,
        template=case.path,
    )


def _is_location(name: str, values: list[str]) -> bool:
    return name.lower() == "location" and bool(values)
