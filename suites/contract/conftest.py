"""Options and fixtures of the contract suite."""

import os
from typing import Any

import pytest

from harness.contract_records import ContractCoverage, DocumentCheck
from harness.errors import Inconclusive, ProvingGroundError
from harness.guardian import Guardian
from harness.identities import Identity
from harness.launch import Launched
from harness.openapi_document import checked_document, fetch_document
from harness.results import Results
from harness.target import Target
from suites.contract.document_checks.check import check_document, renew
from suites.contract.fuzzing import FuzzRun, Request, fuzz
from suites.contract.reach.goals import operations
from suites.contract.reach.measure import measure
from suites.contract.reach.schemas import Schemas

BASE_REF_VARIABLE = "PROVING_GROUND_BASE_REF"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what narrows a contract run down."""
    group = parser.getgroup("proving ground contract suite")
    group.addoption("--operation", metavar="'METHOD /path'", help="fuzz this operation only")
    group.addoption("--max-examples", type=int, default=20, metavar="N", help="cases per operation (default: 20)")
    group.addoption(
        "--base-ref",
        default=os.environ.get(BASE_REF_VARIABLE) or None,
        metavar="REF",
        help=f"the commit whose snapshot the document must not break (default: ${BASE_REF_VARIABLE}, else none)",
    )
    group.addoption("--renew-snapshot", action="store_true", help="write the served document to the snapshot")


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
        raise _or_exit(error) from error
    return dict(found)


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
    except ProvingGroundError as error:
        raise _or_exit(error) from error
    results.write(found)
    return found


def _or_exit(error: ProvingGroundError) -> BaseException:
    """Return the end of the session: one clear line and the documented exit code."""
    return pytest.exit.Exception(str(error), returncode=error.exit_code)


@pytest.fixture(scope="session")
def documented(document: dict[str, Any], pytestconfig: pytest.Config) -> dict[str, tuple[str, ...]]:
    """Return every operation that this run should reach, with its documented status codes."""
    wanted = pytestconfig.option.operation
    every = {operation.name: operation.statuses for operation in operations(Schemas(document))}
    return {wanted: every[wanted]} if wanted in every else every


@pytest.fixture(scope="session")
def fuzzing(
    request: pytest.FixtureRequest,
    target: Target,
    served_target: Launched,
    document_location: str,
    document: dict[str, Any],
    documented: dict[str, tuple[str, ...]],
    identities: dict[str, Identity],
    guardian: Guardian,
    results: Results,
) -> FuzzRun:
    """Return the one run of Schemathesis that this suite judges; its reach becomes evidence."""
    option = request.config.option
    auth, openapi = target.settings.auth, target.settings.openapi
    configuration = openapi.schemathesis if openapi else None
    run = fuzz(
        Request(
            document=document_location,
            base_url=served_target.base_url,
            auth_file=target.resolve(auth.file) if auth else None,
            configuration=target.resolve(configuration) if configuration else None,
            seed=option.seed,
            max_examples=option.max_examples,
            operation=option.operation,
            reproduce=(
                *("-m", "pytest", "suites/contract", "--target", str(option.target)),
                *("--services", option.services, "--seed", str(option.seed)),
                *("--max-examples", str(option.max_examples)),
                *(("--operation", option.operation) if option.operation else ()),
            ),
        ),
        guardian,
        results.folder / "allure",
    )
    reach = measure(document, run.exchanges, option.operation if option.operation in documented else None)
    evidence = ContractCoverage(
        seed=option.seed,
        identity=next(iter(identities), None),
        operations=reach.operations,
        failures=run.failures,
        dimensions=reach.dimensions,
        unreached=reach.unreached,
        fail_under=openapi.reach.fail_under if openapi else {},
    )
    results.write(evidence)
    return run
