"""SARIF 2.1.0 as we write it."""

import datetime as dt
import json
from pathlib import Path
from typing import Any, Literal

import msgspec

from harness.waivers import Waiver
from security import sarif
from security.evidence import Issue, Outcome, Severity
from security.policy import Policy
from security.processes import Workshop
from security.scans.bandit import Bandit
from security.tests.stand_ins import MakeTarget
from security.verdict import judge_findings

TODAY = dt.date(2030, 6, 15)
OUTCOME = Outcome(
    covered=2,
    version="1.2",
    issues=(
        Issue(
            rule="R1",
            severity=Severity.HIGH,
            place="../a b.txt",
            line=3,
            message="bad",
            subject="x",
            reproduce="again",
        ),
        Issue(rule="R2", severity=Severity.LOW, place="GET /x", message="odd", subject="y", reproduce="again"),
    ),
    incomplete="one file",
    notes=("remark",),
)


class Message(msgspec.Struct, rename="camel"):
    """A message: `text` is required without an `id`."""

    text: str


class Notification(msgspec.Struct, rename="camel"):
    """A notification: `message` is required."""

    message: Message
    level: Literal["none", "note", "warning", "error"] = "warning"


class Invocation(msgspec.Struct, rename="camel"):
    """An invocation: `executionSuccessful` is required."""

    execution_successful: bool
    tool_execution_notifications: list[Notification] = []


class Rule(msgspec.Struct, rename="camel"):
    """A reporting descriptor: `id` is required."""

    id: str


class Driver(msgspec.Struct, rename="camel"):
    """A tool component: `name` is required."""

    name: str
    rules: list[Rule] = []


class Tool(msgspec.Struct, rename="camel"):
    """A tool: `driver` is required."""

    driver: Driver


class Suppression(msgspec.Struct, rename="camel"):
    """A suppression: `kind` is required."""

    kind: Literal["inSource", "external"]


class Result(msgspec.Struct, rename="camel"):
    """A result: `message` is required."""

    message: Message
    rule_id: str
    rule_index: int
    partial_fingerprints: dict[str, str]
    level: Literal["none", "note", "warning", "error"] = "warning"
    locations: list[dict[str, Any]] = []
    suppressions: list[Suppression] = []


class Run(msgspec.Struct, rename="camel"):
    """A run: `tool` is required."""

    tool: Tool
    results: list[Result]
    invocations: list[Invocation]


class Log(msgspec.Struct, rename="camel"):
    """The required properties of SARIF 2.1.0's schema, as far as we write them."""

    version: Literal["2.1.0"]
    runs: list[Run]


def written(tool: str, outcome: Outcome, *waivers: Waiver) -> Run:
    text = sarif.to_text(tool, outcome, judge_findings(tool, outcome.issues, waivers, TODAY))
    return msgspec.json.decode(text, type=Log).runs[0]


def test_own_log() -> None:
    """A log of ours has the required properties, rules by index, and says what was not covered."""
    run = written("pip-audit", OUTCOME)
    assert [(result.rule_id, result.level) for result in run.results] == [("R1", "error"), ("R2", "note")]
    assert [result.rule_id for result in run.results] == [
        run.tool.driver.rules[result.rule_index].id for result in run.results
    ]
    assert run.invocations[0].execution_successful is False
    assert [one.message.text for one in run.invocations[0].tool_execution_notifications] == ["remark", "one file"]


def test_locations() -> None:
    """A file becomes an encoded physical location with its line, a request a logical one."""
    file, request = (result.locations[0] for result in written("pip-audit", OUTCOME).results)
    assert file == {"physicalLocation": {"artifactLocation": {"uri": "../a%20b.txt"}, "region": {"startLine": 3}}}
    assert request == {"logicalLocations": [{"fullyQualifiedName": "GET /x", "kind": "resource"}]}


def test_suppression() -> None:
    """What a waiver accepts is suppressed, the rest is not."""
    accepted = Waiver(match="pip-audit/R1/*", reason="known", owner="ann", expires=TODAY)
    first, second = written("pip-audit", OUTCOME, accepted).results
    assert ([one.kind for one in first.suppressions], second.suppressions) == (["external"], [])


def test_bandit_log(tmp_path: Path, make_target: MakeTarget, policy: Policy, workshop: Workshop) -> None:
    """Bandit's own log keeps what Bandit wrote, and gains the fingerprints of the findings."""
    (tmp_path / "bad.py").write_text("import pickle\npickle.loads(b'')\n")
    outcome = Bandit(make_target(sources='["."]'), policy).scan(workshop)
    findings = judge_findings("bandit", outcome.issues, (), TODAY)
    run = written("bandit", outcome)
    assert [finding.fingerprint for finding in findings] == [
        result.partial_fingerprints["provingGround/v1"] for result in run.results
    ]
    text = json.loads(sarif.to_text("bandit", outcome, findings))
    assert "snippet" in text["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]
