"""The pytest plugin: the common options, real services as fixtures, evidence and reproduction lines.

The ladder of fixtures: `target` -> `services` -> `database_url` and `redis_url` (isolated for each test) or
`served_target` (the target itself, seeded, as a real process; one for the session). Under pytest-xdist the
controller owns the services and its workers ask it for them.
"""

import contextlib
import gc
import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import evidence
from harness.command_line import DEFAULT_RESULTS, DEFAULT_TARGET, SERVICE_CHOICES, default_services, new_seed
from harness.database import Databases, Pool
from harness.errors import EXIT_INCONCLUSIVE, ProvingGroundError, RequestError
from harness.guardian import Guardian
from harness.identities import Identity, read_identities
from harness.launch import Launched, given, prepared_template, serving
from harness.results import Results
from harness.services.shared import Services, ServicesProcess, ask_for_services
from harness.services.spaces import Spaces
from harness.target import ServiceName, Target

_SERVICES = pytest.StashKey[ServicesProcess]()
_GUARDIAN = pytest.StashKey[Guardian]()
_SUITES = "suites"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that every part understands."""
    group = parser.getgroup("proving ground")
    group.addoption("--target", type=Path, default=DEFAULT_TARGET, metavar="PATH", help="the target.toml")
    group.addoption(
        "--services", choices=SERVICE_CHOICES, default=default_services(), help="where Postgres and Redis come from"
    )
    group.addoption("--results", type=Path, default=DEFAULT_RESULTS, metavar="DIR", help="evidence folder")
    group.addoption("--seed", type=int, default=None, metavar="N", help="seed of everything random")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Settle the seed, and where evidence goes, before other plugins read their options."""
    gc.disable()
    option = config.option
    if option.seed is None:
        option.seed = new_seed()
    option.hypothesis_seed = str(option.seed)
    if is_worker(config) or option.collectonly:
        return
    try:
        results = Results(option.results).prepare()
    except RequestError as error:
        raise _or_exit(config, error) from error
    option.xmlpath = option.xmlpath or str(results.folder / "junit" / f"{suite_name(config)}.xml")
    option.allure_report_dir = option.allure_report_dir or str(results.folder / "allure")


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Collect garbage again: until now there was next to none, and looking for it took a seventh of the start."""
    gc.freeze()
    gc.enable()


def suite_name(config: pytest.Config) -> str:
    """Return the name under which this run's evidence is filed: the one suite that was asked for, or `suites`."""
    places = {Path(argument.split("::")[0]).resolve() for argument in config.args}
    names = {_suite_of(place) for place in places}
    return names.pop() if len(names) == 1 else _SUITES


def _suite_of(place: Path) -> str:
    parts = place.parts
    if _SUITES in parts[:-1]:
        return parts[parts.index(_SUITES) + 1].removesuffix(".py")
    return next((part for part in reversed(parts[:-1]) if part != "tests" and not part.startswith("test_")), _SUITES)


def is_worker(config: pytest.Config) -> bool:
    """Whether this process is a worker of pytest-xdist."""
    return hasattr(config, "workerinput")


def pytest_report_header(config: pytest.Config) -> str:
    """Show what is needed to run the same again."""
    return f"target: {config.option.target}  services: {config.option.services}  seed: {config.option.seed}"


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where to ask for services; the controller owns them."""
    node.workerinput["services_address"] = services_process(node.config).address


def services_process(config: pytest.Config, *, now: bool = False) -> ServicesProcess:
    """Return this run's services process, spawned on first use.

    With `now` the services start, and the template is migrated, while tests are still being collected: for the
    `pytest_configure` hook of a suite in which nearly every test needs them.
    """
    if _SERVICES not in config.stash:
        option = config.option
        process = ServicesProcess(_guardian(config).folder, option.target, option.services, now=now)
        config.stash[_SERVICES] = process
        config.add_cleanup(process.close)
    return config.stash[_SERVICES]


def _guardian(config: pytest.Config) -> Guardian:
    """Return this process's guardian, made on first use and closed at the very end."""
    if _GUARDIAN not in config.stash:
        config.stash[_GUARDIAN] = Guardian()
        config.add_cleanup(config.stash[_GUARDIAN].close)
    return config.stash[_GUARDIAN]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Give every failure its reproduction line, and say how to reach the database that it used."""
    report = yield
    if os.environ.get("CI") == "true":
        evidence.fail_skips_in_ci(report)
    if report.failed:
        evidence.explain(report, item)
    return report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int | pytest.ExitCode) -> None:
    """Say with the documented exit code that there were no tests."""
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
        session.exitstatus = EXIT_INCONCLUSIVE


def say(config: pytest.Config, line: str) -> None:
    """Tell whoever watches the run, past pytest's capturing: it is progress, not a test's output."""
    with config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        os.write(2, f"{line}\n".encode())


def _or_exit(config: pytest.Config, error: ProvingGroundError) -> BaseException:
    """Turn an answer of the error tree into the end of the session: one clear line and the documented code."""
    return _exit(config, str(error), error.exit_code)


def _exit(config: pytest.Config, message: str, code: int) -> BaseException:
    """Return what ends the session; a worker of pytest-xdist, whose exit would look like a crash, fails its test."""
    if is_worker(config):
        return pytest.fail.Exception(message, pytrace=False)
    return pytest.exit.Exception(message, returncode=code)


# --- the ladder ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest) -> Target:
    """Return the service under test, as its target.toml describes it."""
    try:
        return Target.read(request.config.option.target)
    except ProvingGroundError as error:
        raise _or_exit(request.config, error) from error


@pytest.fixture(scope="session")
def results(request: pytest.FixtureRequest) -> Results:
    """Return the folder that takes evidence."""
    return Results(request.config.option.results)


@pytest.fixture(scope="session")
def seed(request: pytest.FixtureRequest) -> int:
    """Return the seed of everything random in this run."""
    chosen: int = request.config.option.seed
    return chosen


@pytest.fixture(scope="session", autouse=True)
def _seed_in_evidence(record_testsuite_property: Callable[[str, object], None], seed: int) -> None:
    """Write the seed into the JUnit file."""
    record_testsuite_property("seed", seed)


@pytest.fixture(scope="session")
def guardian(request: pytest.FixtureRequest) -> Guardian:
    """Return the owner of all processes and temporary folders that this test process starts."""
    return _guardian(request.config)


@pytest.fixture(scope="session")
def services(request: pytest.FixtureRequest) -> Services:
    """Return the target's real services, started on first use."""
    config = request.config
    worker = getattr(config, "workerinput", None)
    try:
        answer = ask_for_services(worker["services_address"] if worker else services_process(config).address)
    except ProvingGroundError as error:
        raise _or_exit(config, error) from error
    for line in answer.said:
        say(config, line)
    if answer.services is None:
        message, code = answer.error or ("no services", EXIT_INCONCLUSIVE)
        raise _exit(config, message, code)
    return answer.services


@pytest.fixture(scope="session")
def databases(services: Services) -> Iterator[Databases]:
    """Yield the maker of databases on the target's Postgres."""
    with Databases(services["postgres"]) as databases:
        yield databases


@pytest.fixture(scope="session")
def spaces(services: Services, request: pytest.FixtureRequest) -> Spaces:
    """Return this test process's share of the logical databases of the target's Redis."""
    worker = getattr(request.config, "workerinput", {"workerid": "gw0", "workercount": 1})
    return Spaces(services["redis"], int(worker["workerid"].removeprefix("gw")), worker["workercount"])


@pytest.fixture(scope="session")
def database_pool(
    pytestconfig: pytest.Config, target: Target, services: Services, guardian: Guardian, databases: Databases
) -> Iterator[Pool]:
    """Yield clones of the migrated, empty database, made ahead."""
    try:
        template = prepared_template(target, guardian, databases, _other_urls(services), seeded=False)
    except ProvingGroundError as error:
        raise _or_exit(pytestconfig, error) from error
    with Pool(services["postgres"], template) as pool:
        yield pool


@pytest.fixture
def database_url(database_pool: Pool) -> Iterator[str]:
    """Yield the URL of a migrated, empty database of this test's own; kept as a dump when the test fails."""
    database = database_pool.lease()
    yield database.url
    database_pool.release(database)


@pytest.fixture
def redis_url(spaces: Spaces) -> Iterator[str]:
    """Yield the URL of an empty logical Redis database of this test's own."""
    url = spaces.lease()
    yield url
    spaces.release(url)


@pytest.fixture(scope="session")
def served_target(request: pytest.FixtureRequest, target: Target) -> Iterator[Launched]:
    """Yield the target as a real process, on a seeded database of its own; one for each test process."""
    with contextlib.ExitStack() as stack:
        try:
            launched = _launched(request, target, stack)
        except ProvingGroundError as error:
            raise _or_exit(request.config, error) from error
        yield launched


def _launched(request: pytest.FixtureRequest, target: Target, stack: contextlib.ExitStack) -> Launched:
    return given(target) if target.settings.base_url else stack.enter_context(serve_once_more(request, target))


def serve_once_more(
    request: pytest.FixtureRequest, target: Target
) -> contextlib.AbstractContextManager[Launched, bool | None]:
    """Serve the target on a seeded database and an empty Redis of its own, beside what is served already.

    Raises:
        ServiceUnavailable: the services have no room for another one.
        TargetFault: the target failed to start.

    """
    services = request.getfixturevalue("services")
    spaces = request.getfixturevalue("spaces") if "redis" in services else None
    return serving(target, request.getfixturevalue("guardian"), services, spaces)


@pytest.fixture(scope="session")
def identities(pytestconfig: pytest.Config, target: Target) -> dict[str, Identity]:
    """Return the target's users by name."""
    try:
        return read_identities(target)
    except ProvingGroundError as error:
        raise _or_exit(pytestconfig, error) from error


def _other_urls(services: Services) -> dict[ServiceName, str]:
    return {name: service.url for name, service in services.items() if name != "postgres"}
