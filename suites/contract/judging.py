"""What a run of Schemathesis has shown becomes evidence: laws are tried, findings are shown again, reach is told."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from harness.contract_findings import ContractFindings
from harness.contract_records import ContractCoverage
from harness.waivers import Waiver
from suites.contract.findings.causes import causes_of
from suites.contract.findings.evidence import Har, Judge, failures_of, findings_of, line_for
from suites.contract.findings.replaying import Caller
from suites.contract.findings.transcripts import without_carriers
from suites.contract.fuzzing.isolation import Isolation
from suites.contract.fuzzing.run import FuzzRun
from suites.contract.laws.laws import apply_laws
from suites.contract.reach.measure import measure


def judge_for(
    option: Any, document: Mapping[str, Any], caller: Caller, processes: int, waivers: tuple[Waiver, ...]
) -> Judge:
    """Return what turns the causes of a run with these options into findings."""
    return Judge(
        document=document,
        caller=caller,
        seed=option.seed,
        waivers=waivers,
        today=dt.datetime.now(dt.UTC).date(),
        command=lambda operation: line_for(option, [operation] if operation else option.operation, processes),
    )


def judged(run: FuzzRun, judge: Judge, isolation: Isolation) -> tuple[ContractFindings, Har]:
    """Return what is wrong, one finding for each cause, and the calls that show it."""
    laws, broken = apply_laws(judge.document, run.scenarios, judge.caller)
    told = [without_carriers(request, judge.caller.carriers) for request in isolation.deaths]
    deaths = tuple(dict.fromkeys(told))  # those of the replays that follow show the same again
    har = Har(started=dt.datetime.now(dt.UTC).isoformat())
    found = findings_of([*causes_of(run.scenarios), *broken], judge, har)
    evidence = ContractFindings(
        seed=judge.seed,
        isolation=str(isolation),
        restores=isolation.restores,
        clones=isolation.clones,
        laws=tuple(laws),
        deaths=deaths,
        findings=found,
    )
    return evidence, har


def coverage_of(
    run: FuzzRun,
    judge: Judge,
    documented: Mapping[str, tuple[str, ...]],
    found: ContractFindings,
    fail_under: dict[str, float],
) -> ContractCoverage:
    """Return what of the documented operations a run has reached, and what it fails by."""
    reach = measure(judge.document, run.exchanges(), documented)
    return ContractCoverage(
        seed=judge.seed,
        identity=next(iter(judge.caller.identities), None),
        operations=reach.operations,
        failures=failures_of(found),
        dimensions=reach.dimensions,
        unreached=reach.unreached,
        fail_under=fail_under,
    )
