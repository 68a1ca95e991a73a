"""Gates of the pytest suites: one per JUnit file."""

from harness.results import Failure, Gate, Status
from reports.evidence import Evidence, Unreadable
from reports.gates.unreadable import unreadable_gate
from reports.junit import Case, Suite
from reports.text import plural, some

KIND = "suite"


def gates(evidence: Evidence) -> tuple[Gate, ...]:
    """Return one gate per suite. In CI, and for a suite that the run asked for, a skipped test proves nothing."""
    return tuple(_gate(evidence, name, suite) for name, suite in evidence.suites.items())


def _gate(evidence: Evidence, name: str, suite: Suite | Unreadable) -> Gate:
    command = evidence.command_of(name)
    if isinstance(suite, Unreadable):
        return unreadable_gate(f"{KIND}/{name}", suite, command or _command(name, None))
    strict = evidence.ci or command is not None
    status = _status(suite, strict=strict)
    culprits = suite.failed + (suite.skipped if strict else ())
    own = next((case.reproduce for case in culprits if case.reproduce), None)
    return Gate(
        name=f"{KIND}/{name}",
        kind=KIND,
        status=status,
        summary=_summary(suite),
        evidence=f"junit/{name}.xml",
        reproduce=None if status is Status.PASS else own or command or _command(name, suite.seed),
        failures=tuple(_failure(case) for case in culprits),
    )


def _status(suite: Suite, *, strict: bool) -> Status:
    if suite.failed:
        return Status.FAIL
    proven = suite.passed + suite.xfailed
    return Status.INCONCLUSIVE if not proven or (strict and suite.skipped) else Status.PASS


def _summary(suite: Suite) -> str:
    if not suite.tests:
        return "no tests were run"
    tests = plural(suite.tests, "test")
    counts = [f"{len(suite.failed):,} of {tests} failed"] if suite.failed else [f"{suite.passed:,} of {tests} passed"]
    counts += [f"{suite.passed:,} passed"] if suite.failed else []
    counts += [plural(suite.xfailed, "expected failure")] if suite.xfailed else []
    if suite.skipped:
        reasons = some([f"{case.name}: {case.message}" for case in suite.skipped])
        counts += [f"{len(suite.skipped):,} skipped ({reasons})"]
    return f"{', '.join(counts)}, in {suite.seconds:.1f} s"


def _failure(case: Case) -> Failure:
    prefix = "skipped: " if case.outcome == "skipped" else ""
    return Failure(what=f"{prefix}{case.name}: {case.message}", reproduce=case.reproduce)


def _command(name: str, seed: str | None) -> str:
    return f"python -m pytest suites/{name}" + (f" --seed {seed}" if seed else "")
