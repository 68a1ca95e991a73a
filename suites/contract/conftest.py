"""Options and fixtures of the contract suite."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness.guardian import Guardian
from harness.identities import Identity
from harness.launch import Launched
from harness.results import ContractCoverage, OperationReach, Results
from harness.target import Target
from suites.contract.fuzzing import FuzzRun, Request, fuzz

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
FETCH_TIMEOUT_S = 60


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what narrows a contract run down."""
    group = parser.getgroup("proving ground contract suite")
    group.addoption("--operation", metavar="'METHOD /path'", help="fuzz this operation only")
    group.addoption("--max-examples", type=int, default=20, metavar="N", help="cases per operation (default: 20)")


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
def document(document_location: str) -> dict[str, Any]:
    """Return the OpenAPI document as it is served."""
    if not document_location.startswith("http"):
        return _json_object(Path(document_location).read_bytes())
    with urllib.request.urlopen(document_location, timeout=FETCH_TIMEOUT_S) as answer:
        return _json_object(answer.read())


def _json_object(text: bytes) -> dict[str, Any]:
    parsed = json.loads(text)
    if not isinstance(parsed, dict):
        pytest.fail("the OpenAPI document is not a JSON object")
    return parsed


@pytest.fixture(scope="session")
def documented(document: dict[str, Any], pytestconfig: pytest.Config) -> dict[str, tuple[str, ...]]:
    """Return every operation that this run should reach, with its documented status codes."""
    wanted = pytestconfig.option.operation
    every = {
        f"{method.upper()} {path}": tuple(item[method].get("responses", {}))
        for path, item in document.get("paths", {}).items()
        for method in METHODS
        if method in item
    }
    return {wanted: every[wanted]} if wanted in every else every


@pytest.fixture(scope="session")
def fuzzing(
    request: pytest.FixtureRequest,
    target: Target,
    served_target: Launched,
    document_location: str,
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
    evidence = ContractCoverage(
        seed=option.seed,
        identity=next(iter(identities), None),
        operations=tuple(_with_unseen(documented, run.reach)),
        failures=run.failures,
    )
    results.write(evidence)
    return run


def _with_unseen(documented: dict[str, tuple[str, ...]], reach: tuple[OperationReach, ...]) -> Iterator[OperationReach]:
    """Yield the reach of every documented operation, unreached ones too, with the statuses never seen."""
    reached = {operation.operation: operation for operation in reach}
    for name, statuses in documented.items():
        found = reached.get(name) or OperationReach(operation=name, cases=0, statuses=(), unseen=())
        seen = {str(status) for status in found.statuses}
        yield msgspec.structs.replace(found, unseen=tuple(status for status in statuses if not _seen(status, seen)))


def _seen(documented: str, seen: set[str]) -> bool:
    """Whether a documented status, a range such as 4XX, or `default` was seen."""
    if documented == "default":
        return bool(seen)
    return documented in seen or any(documented.upper() == f"{status[0]}XX" for status in seen)
