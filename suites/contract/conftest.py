"""Hooks and fixtures of the contract suite."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from harness.contract_findings import ContractFindings
from harness.contract_records import DocumentCheck
from harness.errors import Inconclusive, ProvingGroundError, RequestError
from harness.fixtures import is_worker, say, serve_once_more, services_process
from harness.guardian import Guardian
from harness.identities import Identity
from harness.launch import Launched
from harness.openapi_document import address_of, checked_document, fetch_document
from harness.results import Results
from harness.target import Target
from harness.waivers import Waiver
from suites.contract.document_checks.check import check_document, renew
from suites.contract.findings.evidence import write
from suites.contract.findings.replaying import Caller
from suites.contract.fuzzing.isolation import Isolation
from suites.contract.fuzzing.run import FuzzRun, WaitingEngine
from suites.contract.fuzzing.sharing import shares
from suites.contract.fuzzing.side_by_side import fuzz, processes_for, starting, waiting_engines
from suites.contract.judging import coverage_of, judge_for, judged
from suites.contract.options import (
    accepted_findings,
    add_options,
    configuration_of,
    or_exit,
    patience_s,
    refuse_impossible,
    request_for,
    switched_off,
)
from suites.contract.reach.goals import operations
from suites.contract.reach.measure import amounts
from suites.contract.reach.schemas import Schemas


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what narrows a contract run down."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Start the services while tests are being collected: every test here needs the target."""
    try:
        refuse_impossible(config.option)
        if not (is_worker(config) or config.option.collectonly):
            services_process(config, now=True)
    except RequestError as error:
        raise or_exit(error) from error


@pytest.fixture(scope="session")
def document_location(target: Target, served_target: Launched) -> str:
    """Return where the OpenAPI document is: a URL or a file."""
    openapi = target.settings.openapi
    if openapi is None:
        pytest.fail(f"{target.file}: openapi: is needed for contract evidence; give its path or file")
    if openapi.file is not None:
        return str(target.resolve(openapi.file))
    return f"{served_target.base_url}{openapi.path}"


@pytest.fixture(scope="session")
def document(target: Target, served_target: Launched) -> dict[str, Any]:
    """Return the OpenAPI document as it is served; one that says nothing ends the session, and why is told."""
    try:
        found = checked_document(fetch_document(target, served_target.base_url))
        if not list(operations(Schemas(found))):
            raise Inconclusive("the OpenAPI document has no operations: there is nothing to test")
    except ProvingGroundError as error:
        raise or_exit(error) from error
    return dict(found)


@pytest.fixture(scope="session")
def address(served_target: Launched, document: dict[str, Any]) -> str:
    """Return where the paths of the document begin on the target."""
    return address_of(document, served_target.base_url)


@pytest.fixture(scope="session")
def document_check(
    request: pytest.FixtureRequest,
    target: Target,
    served_target: Launched,
    document: dict[str, Any],
    results: Results,
) -> DocumentCheck:
    """Return what is wrong with the document itself; it becomes evidence."""
    option, openapi = request.config.option, target.settings.openapi
    snapshot = target.resolve(openapi.snapshot) if openapi and openapi.snapshot else None
    try:
        if option.renew_snapshot:
            renew(snapshot, document, served_target.base_url)
        found = check_document(document, served_target.base_url, snapshot, option.base_ref)
        results.write(found)
    except ProvingGroundError as error:
        raise or_exit(error) from error
    return found


@pytest.fixture(scope="session")
def documented(
    target: Target, document: dict[str, Any], address: str, pytestconfig: pytest.Config
) -> dict[str, tuple[str, ...]]:
    """Return every operation that this run should reach, with its documented status codes.

    Schemathesis leaves out the one that serves the document.
    """
    every = {operation.name: operation.statuses for operation in operations(Schemas(document))}
    served, prefix = (target.settings.openapi and target.settings.openapi.path) or "", urlsplit(address).path
    if served.startswith(prefix):
        every.pop(f"GET {served.removeprefix(prefix)}", None)
    wanted = pytestconfig.option.operation or list(every)
    for name in wanted:
        if name not in every:
            raise or_exit(RequestError(f"--operation {name!r}: there is no such operation to fuzz in the document"))
    return {name: every[name] for name in wanted}


@pytest.fixture(scope="session")
def isolation(served_target: Launched) -> Isolation:
    """Return what gives the target its seed back."""
    return Isolation(served_target)


@pytest.fixture(scope="session")
def caller(target: Target, address: str, identities: dict[str, Identity], isolation: Isolation) -> Caller:
    """Return who calls the target; every identity of it could log in, or nothing can be said at all."""
    try:
        with ThreadPoolExecutor() as threads:
            list(threads.map(lambda identity: identity.log_in(address), identities.values()))
        admin = target.settings.auth.admin if target.settings.auth else None
        return Caller(address, identities, isolation, patience_s(target), admin)
    except ProvingGroundError as error:
        raise or_exit(error) from error


@pytest.fixture(scope="session")
def waivers(target: Target) -> tuple[Waiver, ...]:
    """Return which broken promises are accepted."""
    try:
        return accepted_findings(target)
    except ProvingGroundError as error:
        raise or_exit(error) from error


@pytest.fixture(scope="session")
def processes(target: Target, pytestconfig: pytest.Config) -> int:
    """Return how many engines work at once; one operation has one."""
    try:
        wanted = processes_for(target, pytestconfig.option.processes)
    except ProvingGroundError as error:
        raise or_exit(error) from error
    return min(wanted, len(pytestconfig.option.operation) or wanted)


@pytest.fixture(scope="session")
def other_targets(
    request: pytest.FixtureRequest, target: Target, processes: int
) -> Iterator[tuple[Future[Launched], ...]]:
    """Yield the targets of all engines but the first one, while they start."""
    with starting([serve_once_more(request, target) for _ in range(processes - 1)]) as targets:
        yield targets


@pytest.fixture(scope="session")
def engines(target: Target, processes: int, guardian: Guardian) -> Iterator[tuple[WaitingEngine, ...]]:
    """Yield the engines' processes, which get ready while their targets do."""
    with waiting_engines(processes, configuration_of(target), guardian) as engines:
        yield engines


@pytest.fixture(scope="session")
def fuzzing(
    request: pytest.FixtureRequest,
    target: Target,
    waivers: tuple[Waiver, ...],  # noqa: ARG001 - a wrong file ends the run before it has begun
    processes: int,
    engines: tuple[WaitingEngine, ...],  # they get ready while the services start
    other_targets: tuple[Future[Launched], ...],  # before the first one: they start together
    document_location: str,
    document: dict[str, Any],
    documented: dict[str, tuple[str, ...]],
    address: str,
    served_target: Launched,
    caller: Caller,  # noqa: ARG001 - every identity could log in, or the run has ended
    isolation: Isolation,
) -> FuzzRun:
    """Return the one run of Schemathesis that this suite judges."""
    prefix = address.removeprefix(served_target.base_url)
    asked = request_for(request.config.option, target, document_location, prefix)
    dealt = shares(amounts(document, documented), processes)
    try:
        return fuzz(asked, dealt, (served_target, isolation), other_targets, engines, partial(say, request.config))
    except ProvingGroundError as error:
        raise or_exit(error) from error


@pytest.fixture(scope="session")
def findings(
    request: pytest.FixtureRequest,
    target: Target,
    document: dict[str, Any],
    documented: dict[str, tuple[str, ...]],
    fuzzing: FuzzRun,
    waivers: tuple[Waiver, ...],
    processes: int,
    caller: Caller,
    isolation: Isolation,
    results: Results,
) -> ContractFindings:
    """Return what is wrong, one finding for each cause; written as evidence, and what was reached beside it."""
    option, openapi = request.config.option, target.settings.openapi
    judge = judge_for(option, document, caller, processes, waivers)
    evidence, har = judged(fuzzing, judge, isolation)
    fail_under = openapi.reach.fail_under if openapi and not option.operation else {}  # it is of all operations
    try:
        write(evidence, har, results)
        coverage = coverage_of(fuzzing, judge, documented, evidence, fail_under)
        results.write(msgspec.structs.replace(coverage, switched_off=switched_off(target)))
    except ProvingGroundError as error:
        raise or_exit(error) from error
    return evidence
