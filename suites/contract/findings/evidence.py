"""Causes become findings: shown again, named by fault code, with what a reader needs to see them for himself."""

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from harness.command_line import python_command
from harness.contract_findings import HAR, ContractFinding, ContractFindings
from harness.results import Failure, Results
from harness.waivers import Waiver, accepted_by
from suites.contract.findings.causes import Cause
from suites.contract.findings.redaction import redacted
from suites.contract.findings.replaying import Caller, Shown, show_again
from suites.contract.findings.shrinking import Shrinker
from suites.contract.findings.transcripts import curl_line, har_entry

LONGEST_LINE = 4000
"""Characters of a curl line that a failure tells."""


class Judge(msgspec.Struct, frozen=True, kw_only=True):
    """What turns causes into findings: who calls, with which seed, what is accepted, and how to run a part again."""

    document: Mapping[str, Any]
    caller: Caller
    seed: int
    waivers: tuple[Waiver, ...]
    today: dt.date
    command: Callable[[str | None], str]


class Har(msgspec.Struct):
    """The entries of one HAR file, as they are collected."""

    started: str
    entries: list[dict[str, Any]] = msgspec.field(default_factory=list)
    pages: list[dict[str, Any]] = msgspec.field(default_factory=list)

    def add(self, base_url: str, shown: Shown, name: str) -> tuple[int, ...]:
        """Take the calls that show a finding, as a page of that name: they belong together; return their positions."""
        first, page = len(self.entries), f"finding_{len(self.pages)}"
        self.pages.append({"startedDateTime": self.started, "id": page, "title": name, "pageTimings": {}})
        self.entries += [
            {"pageref": page, **har_entry(base_url, step, redacted(answer), self.started)}
            for step, answer in zip(shown.steps, shown.answers, strict=True)
        ]
        return tuple(range(first, len(self.entries)))

    def text(self) -> str:
        """Return the file."""
        creator = {"name": "Proving Ground", "version": "1"}
        log = {"version": "1.2", "creator": creator, "pages": self.pages, "entries": self.entries}
        return json.dumps({"log": log}, indent=1) + "\n"


def findings_of(causes: Iterable[Cause], judge: Judge, har: Har) -> tuple[ContractFinding, ...]:
    """Return a finding for each cause, after an attempt to show it again with as little as that takes."""
    every, shrinker = list(causes), Shrinker(judge.document, judge.caller)
    found = []
    for place, cause in enumerate(every):
        shown = shrinker.shrunk(cause, show_again(cause, judge.caller), len(every) - place)
        found.append(_finding(cause, shown, judge, har))
    return tuple(found)


def _finding(cause: Cause, shown: Shown, judge: Judge, har: Har) -> ContractFinding:
    code, fault = cause.fault
    base_url = judge.caller.base_url
    shown = msgspec.structs.replace(shown, steps=tuple(map(judge.caller.told, shown.steps)))
    finding = ContractFinding(
        id="",
        code=code,
        fault=fault,
        operation=cause.operation,
        check=cause.check,
        message=cause.message,
        phase=cause.phase,
        seen=cause.seen,
        seed=judge.seed,
        steps=shown.steps,
        curl=tuple(curl_line(base_url, step) for step in shown.steps),
        har_entries=(),
        # What a sequence of operations shows, one operation alone may not.
        reproduce=judge.command(None if cause.phase == "stateful" else cause.operation),
        reproduced=shown.again,
        shrinking=shown.shrinking,
    )
    entries = har.add(base_url, shown, finding.name)
    accepted = accepted_by(judge.waivers, finding.name, judge.today)
    identifier = hashlib.sha256(finding.name.encode()).hexdigest()[:8]
    waived = str(accepted) if accepted else None
    return msgspec.structs.replace(finding, id=identifier, har_entries=entries, accepted=waived)


def line_for(option: Any, operations: list[str], processes: int) -> str:
    """Return the line that runs the suite again with the same options, for these operations or for all."""
    # One operation alone is tried alike by any number of engines.
    side_by_side = ("--processes", str(processes)) if len(operations) != 1 else ()
    return python_command(
        *("-m", "pytest", "suites/contract", "--target", str(option.target)),
        *("--services", option.services, "--seed", str(option.seed)),
        *("--max-examples", str(option.max_examples)),
        *side_by_side,
        *(word for operation in operations for word in ("--operation", operation)),
    )


def failures_of(document: ContractFindings) -> tuple[Failure, ...]:
    """Return what fails the contract: each finding that nobody accepted, and each death of the target."""
    deaths = [
        Failure(what=f"the target ended, and had to be started again, after: {request}") for request in document.deaths
    ]
    open_ones = [finding for finding in document.findings if finding.accepted is None]
    return (*deaths, *(Failure(what=_said(finding), reproduce=finding.reproduce) for finding in open_ones))


def _said(finding: ContractFinding) -> str:
    again = {True: "shown again on a fresh target", False: "not shown again on a fresh target", None: "not tried again"}
    shown = f"{again[finding.reproduced]}, {finding.shrinking or 'not made smaller'}"
    sent = " ; ".join(map(_in_short, finding.curl[-4:]))
    return (
        f"{finding.operation}: {finding.message} ({finding.code} {finding.fault}; {finding.check}, seen"
        f" {finding.seen} times, {shown}; {finding.id}). Sent: {sent}"
    )


def _in_short(line: str) -> str:
    """Return a curl line; of one that has a large body in it where it is to be found."""
    return line if len(line) <= LONGEST_LINE else f"a curl line of {len(line):,} characters, in {ContractFindings.FILE}"


def write(document: ContractFindings, har: Har, results: Results) -> None:
    """Write the findings and their HAR file."""
    results.write(document)
    results.write_text(HAR, har.text())
