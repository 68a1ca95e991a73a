"""Each kind of evidence gives the right gates, whatever state it is in."""

import pytest
from msgspec.structs import replace

from harness.contract_records import OperationReach
from harness.results import Failure, Status
from reports.evidence import Evidence, Unreadable
from reports.gates import all_gates
from reports.junit import Suite
from reports.tests.samples import (
    BANDIT,
    BROKEN,
    COVERAGE,
    DOCUMENT,
    FINDING,
    FINDINGS,
    LOAD,
    PIP_AUDIT,
    RUN,
    SKIPPED,
    SOUND,
    SUITE,
    part,
)

PASS, FAIL, INCONCLUSIVE = Status.PASS, Status.FAIL, Status.INCONCLUSIVE
TORN = Unreadable("some/file", "some/file: unreadable: torn")
UNREACHED = OperationReach(operation="DELETE /x", cases=0, statuses=(), unseen=("204",))
PROMISE = Failure(what="GET /x: Server error", reproduce="python -m pytest suites/contract")
OFFLINE_SCAN = replace(PIP_AUDIT, incomplete="no network")


def suite(**changes: object) -> Evidence:
    """Return evidence of a unit suite that was run alone."""
    return Evidence(suites={"unit": replace(SUITE, **changes)})


def load(**changes: object) -> Evidence:
    """Return evidence of a load profile that was run alone."""
    return Evidence(loads={"smoke": replace(LOAD, **changes)})


def security(**changes: object) -> Evidence:
    """Return evidence of the security part that was run alone."""
    return Evidence(security=replace(FINDINGS, **changes))


def reach(**fail_under: float) -> Evidence:
    """Return evidence of a contract suite whose target asks for so much reach."""
    return Evidence(contract=replace(COVERAGE, fail_under=fail_under))


def document(**changes: object) -> Evidence:
    """Return evidence of the checks of a document."""
    return Evidence(document=replace(DOCUMENT, **changes))


def ran(**changes: object) -> Evidence:
    """Return evidence of a whole, otherwise sound run."""
    return replace(SOUND, run=replace(RUN, **changes))


def broken_threshold(status: Status) -> Evidence:
    """Return a load profile of which one threshold says something else than pass."""
    return load(thresholds=(replace(LOAD.thresholds[0], status=status), LOAD.thresholds[1]))


def test_all_well() -> None:
    """A run in which all is well has only gates that pass, and none of them asks to be reproduced."""
    gates = all_gates(SOUND)
    assert {PASS} == {gate.status for gate in gates}
    assert {None} == {gate.reproduce for gate in gates}


@pytest.mark.parametrize(
    ("evidence", "name", "status", "said"),
    [
        (suite(), "suite/unit", PASS, "41 of 41 tests passed"),
        (suite(failed=(BROKEN,)), "suite/unit", FAIL, "1 of 42 tests failed"),
        (suite(passed=0), "suite/unit", INCONCLUSIVE, "no tests were run"),
        (suite(passed=0, skipped=(SKIPPED,)), "suite/unit", INCONCLUSIVE, "1 skipped"),
        (suite(skipped=(SKIPPED,)), "suite/unit", PASS, "test_c: no chromium"),
        (replace(suite(skipped=(SKIPPED,)), ci=True), "suite/unit", INCONCLUSIVE, "test_c: no chromium"),
        (replace(SOUND, suites={"unit": replace(SUITE, skipped=(SKIPPED,))}), "suite/unit", INCONCLUSIVE, "1 skipped"),
        (suite(xfailed=2), "suite/unit", PASS, "2 expected failures"),
        (Evidence(suites={"unit": TORN}), "suite/unit", INCONCLUSIVE, "torn"),
        (Evidence(contract=COVERAGE), "contract/operations", PASS, "2 of 2 operations reached by 552 cases"),
        (Evidence(contract=replace(COVERAGE, operations=())), "contract/operations", INCONCLUSIVE, "no operations"),
        (Evidence(contract=replace(COVERAGE, operations=(UNREACHED,))), "contract/operations", INCONCLUSIVE, "0 of 1"),
        (Evidence(contract=COVERAGE), "contract/checks", PASS, "0 broken promises in 552 cases"),
        (Evidence(contract=replace(COVERAGE, failures=(PROMISE,))), "contract/checks", FAIL, "1 broken promise in 552"),
        (
            Evidence(contract=replace(COVERAGE, switched_off=("checks.a", "checks.b (include-path /b)"))),
            "contract/checks",
            PASS,
            "; the target's configuration of Schemathesis switches off checks.a, checks.b (include-path /b)",
        ),
        (Evidence(contract=replace(COVERAGE, operations=())), "contract/checks", INCONCLUSIVE, "in 0 cases"),
        (Evidence(contract=TORN), "contract/operations", INCONCLUSIVE, "torn"),
        (Evidence(suites={"contract": SUITE}), "contract/operations", INCONCLUSIVE, "missing"),
        (Evidence(contract=COVERAGE), "contract/reach", PASS, "statuses 33.3% (1 of 3), 33% are asked for"),
        (reach(parameters=100), "contract/reach", FAIL, "parameters 99.9% (1,999 of 2,000), 100% are asked for"),
        (reach(statuses=34), "contract/reach", FAIL, "statuses 33.3%"),
        (reach(examples=0), "contract/reach", INCONCLUSIVE, "examples: the document has none"),
        (reach(enums=50), "contract/reach", INCONCLUSIVE, "enums: the document has none"),
        (reach(examples=1, statuses=99), "contract/reach", FAIL, "examples: the document has none"),
        (Evidence(contract=replace(COVERAGE, operations=(UNREACHED,))), "contract/reach", INCONCLUSIVE, "nothing was"),
        (Evidence(findings=TORN), "contract/findings", INCONCLUSIVE, "torn"),
        (Evidence(document=DOCUMENT), "contract/document", PASS, "0 problems; snapshot: openapi.json; base: main"),
        (document(invalid=("#/x: bad",)), "contract/document", FAIL, "1 problem;"),
        (document(differences=("#/x: is no longer served",)), "contract/document", FAIL, "1 problem;"),
        (document(breaking=("GET /x: is gone",)), "contract/document", FAIL, "1 problem;"),
        (document(breaking=("GET /x: is gone",), allowed=True), "contract/document", PASS, "0 problems;"),
        (Evidence(document=TORN), "contract/document", INCONCLUSIVE, "torn"),
        (load(), "load/smoke/measured", PASS, "1,000 requests in 20 s"),
        (load(), "load/smoke/failures < 1%", PASS, "observed 0 of 1,000"),
        (broken_threshold(FAIL), "load/smoke/response p99 < 250ms", FAIL, "observed"),
        (broken_threshold(INCONCLUSIVE), "load/smoke/response p99 < 250ms", INCONCLUSIVE, "observed"),
        (load(thresholds=()), "load/smoke/measured", INCONCLUSIVE, "no thresholds"),
        (Evidence(loads={"smoke": TORN}), "load/smoke", INCONCLUSIVE, "torn"),
        (security(), "security/bandit", PASS, "0 findings of severity medium or worse; 1 below it"),
        (security(findings=(FINDING,)), "security/bandit", FAIL, "1 finding of severity medium"),
        (security(findings=(replace(FINDING, severity="dire"),)), "security/bandit", FAIL, "1 finding"),
        (security(findings=(replace(FINDING, accepted="x"),)), "security/bandit", PASS, "1 accepted by waivers"),
        (security(scans=(replace(BANDIT, fail_on="high"),), findings=(FINDING,)), "security/bandit", PASS, "high"),
        (security(scans=(replace(BANDIT, incomplete="gone"),)), "security/bandit", INCONCLUSIVE, "incomplete: gone"),
        (security(scans=(replace(BANDIT, covered=0),)), "security/bandit", INCONCLUSIVE, "covered nothing"),
        (security(scans=()), "security/bandit", INCONCLUSIVE, "no record of itself"),
        (security(scans=(), findings=()), "security/findings", INCONCLUSIVE, "no scan was run"),
        (Evidence(security=TORN), "security/findings", INCONCLUSIVE, "torn"),
        (SOUND, "target/start", PASS, "ready in 1.2 s; 3 identities could log in"),
        (replace(ran(parts=(part("target", 1),)), target=None), "target/start", FAIL, "failed to start"),
        (replace(ran(parts=(part("target", 3),)), target=None), "target/start", INCONCLUSIVE, "exit code 3"),
        (Evidence(target=TORN), "target/start", INCONCLUSIVE, "torn"),
        (SOUND, "run/parts", PASS, "9 of 9 parts left sound evidence"),
        (ran(parts=(part("unit", None),)), "run/parts", INCONCLUSIVE, "not: unit"),
        (ran(parts=(part("unit", -9),)), "run/parts", INCONCLUSIVE, "not: unit"),
        (ran(parts=(part("unit", 1),)), "run/parts", INCONCLUSIVE, "not: unit"),
        (ran(parts=()), "run/parts", INCONCLUSIVE, "asked for no part"),
        (ran(finished=None), "run/parts", INCONCLUSIVE, "interrupted"),
        (replace(SOUND, lacking={"load": ("load/*/summary.json",)}), "run/parts", INCONCLUSIVE, "not: load"),
        (Evidence(run=TORN), "run/parts", INCONCLUSIVE, "torn"),
        (Evidence(), "run/evidence", INCONCLUSIVE, "no evidence"),
    ],
)
def test_status(evidence: Evidence, name: str, status: Status, said: str) -> None:
    """Each state of the evidence has its status, says why, and can be reproduced unless it passes."""
    gate = next(gate for gate in all_gates(evidence) if gate.name == name)
    assert (status, True) == (gate.status, said in gate.summary)
    assert (gate.status is PASS) is (gate.reproduce is None)


def test_reach_is_optional() -> None:
    """A target that asks for no reach has no gate for it."""
    assert "contract/reach" not in {gate.name for gate in all_gates(reach())}


def test_too_little_reach_says_what_would_help() -> None:
    """Too little of a dimension is listed with what would reach the rest; other dimensions are not."""
    told = next(gate for gate in all_gates(reach(statuses=90, operations=100)) if gate.name == "contract/reach")
    assert [one.what for one in told.failures] == ["POST /api/pipelines: status 409: send the same thing twice"]
    enough = next(gate for gate in all_gates(reach(operations=100)) if gate.name == "contract/reach")
    assert enough.failures == ()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"inconclusive": ("the load generator was the bottleneck",)}, "generator was the bottleneck"),
        ({"inconclusive": ("one", "two")}, "one; two"),
        ({"total": replace(LOAD.total, count=0)}, "no requests were made"),
    ],
)
def test_unsound_load(changes: dict[str, object], said: str) -> None:
    """A threshold that holds in an unsound measurement proves nothing."""
    gates = all_gates(load(**changes))
    assert {INCONCLUSIVE} == {gate.status for gate in gates}
    assert said in gates[0].summary


def test_broken_in_partial_load() -> None:
    """A threshold that the load part believes to be broken stays so, although the run left something out."""
    thresholds = (replace(LOAD.thresholds[0], status=FAIL),)
    gates = all_gates(load(inconclusive=("arrivals were dropped",), thresholds=thresholds))
    assert [gate.status for gate in gates] == [INCONCLUSIVE, FAIL]


def test_offline_scan() -> None:
    """A scan that needs a network is accepted while there is none, but only then, and not what it found."""
    evidence = security(scans=(OFFLINE_SCAN,), findings=())
    found = security(scans=(OFFLINE_SCAN,), findings=(replace(FINDING, tool="pip-audit"),))
    assert [gate.accepted for gate in all_gates(evidence)] == [None]
    assert [gate.accepted for gate in all_gates(replace(evidence, offline=True))] == ["offline"]
    assert [(gate.status, gate.accepted) for gate in all_gates(replace(found, offline=True))] == [(FAIL, None)]


def test_failures_reproduce() -> None:
    """A failed test is named with its own command, which is also the gate's."""
    gate = all_gates(suite(failed=(BROKEN,)))[0]
    assert BROKEN.reproduce == gate.reproduce == gate.failures[0].reproduce
    assert gate.failures[0].what == "suites.unit.test_a::test_b: assert 1 == 2"


def test_explained_exit_code() -> None:
    """A part that ends with 1 is sound when a gate of its own says why."""
    evidence = replace(ran(parts=(part("unit", 1),)), suites={"unit": replace(SUITE, failed=(BROKEN,))})
    assert [(gate.name, gate.status) for gate in all_gates(evidence) if gate.kind == "run"] == [("run/parts", PASS)]


def test_command_of_the_run() -> None:
    """Without a command of its own, a gate is reproduced by the part's command in the run record."""
    evidence = replace(SOUND, suites={"unit": Suite(passed=0, xfailed=0, failed=(), skipped=(), seconds=0, seed=None)})
    assert (
        next(gate for gate in all_gates(evidence) if gate.kind == "suite").reproduce == "python -m pytest suites/unit"
    )
