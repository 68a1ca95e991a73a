"""JUnit XML as pytest writes it, read as a stream: a suite of any size needs little memory."""

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Literal

import msgspec

from harness.errors import UnreadableEvidence
from reports.text import one_line

Outcome = Literal["passed", "xfailed", "skipped", "failed"]

_SEVERITY: tuple[Outcome, ...] = ("passed", "xfailed", "skipped", "failed")


class Case(msgspec.Struct, frozen=True):
    """One test: its id, how it ended, the first line of why, and the command that shows it again."""

    name: str
    outcome: Outcome
    message: str = ""
    reproduce: str | None = None


class Suite(msgspec.Struct, frozen=True, kw_only=True):
    """One JUnit file: counts, and the tests that need naming. `failed` includes errors of fixtures and imports."""

    passed: int
    xfailed: int
    failed: tuple[Case, ...]
    skipped: tuple[Case, ...]
    seconds: float
    seed: str | None

    @property
    def tests(self) -> int:
        """How many tests there were."""
        return self.passed + self.xfailed + len(self.failed) + len(self.skipped)


def read_junit(file: Path) -> Suite:
    """Read a JUnit file.

    Raises:
        UnreadableEvidence: it is missing, torn, or something else than JUnit.

    """
    cases: dict[str, Case] = {}
    seconds, seeds, suites = 0.0, [], 0
    try:
        for _, element in ET.iterparse(file):  # noqa: S314 - our own pytest's files; expat limits entity expansion
            if element.tag == "testcase":
                _keep_worst(cases, _case(element))
                element.clear()
            elif element.tag == "testsuite":
                suites += 1
                seconds += float(element.get("time", "0"))
                seeds.append(_property(element, "seed"))
    except (OSError, ET.ParseError, ValueError) as error:
        raise UnreadableEvidence(f"{file.name}: unreadable: {error}") from error
    if not suites:
        raise UnreadableEvidence(f"{file.name}: unreadable: no <testsuite> in it")
    return _suite(list(cases.values()), seconds, next(filter(None, seeds), None))


def _suite(cases: list[Case], seconds: float, seed: str | None) -> Suite:
    return Suite(
        passed=sum(case.outcome == "passed" for case in cases),
        xfailed=sum(case.outcome == "xfailed" for case in cases),
        failed=tuple(case for case in cases if case.outcome == "failed"),
        skipped=tuple(case for case in cases if case.outcome == "skipped"),
        seconds=seconds,
        seed=seed,
    )


def _keep_worst(cases: dict[str, Case], case: Case) -> None:
    """Add a case once: a test that fails and whose teardown fails too is written twice."""
    before = cases.get(case.name)
    if before is None or _SEVERITY.index(before.outcome) < _SEVERITY.index(case.outcome):
        cases[case.name] = case


def _case(element: ET.Element) -> Case:
    name = one_line("::".join(filter(None, (element.get("classname"), element.get("name")))))
    outcome, why = _outcome(element)
    if outcome == "passed":
        return Case(name, outcome)
    message = one_line((why.get("message") or why.text or "") if why is not None else "")
    return Case(name, outcome, message, _property(element, "reproduce"))


def _outcome(element: ET.Element) -> tuple[Outcome, ET.Element | None]:
    for tag in ("failure", "error"):
        if (bad := element.find(tag)) is not None:
            return "failed", bad
    if (skipped := element.find("skipped")) is not None:
        return ("xfailed" if skipped.get("type") == "pytest.xfail" else "skipped"), skipped
    return "passed", None


def _property(element: ET.Element, name: str) -> str | None:
    found = element.find(f"properties/property[@name='{name}']")
    return found.get("value") if found is not None else None
