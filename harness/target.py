"""The target: the service under test, described by its `target.toml`."""

import re
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit

import msgspec

from harness.errors import TargetFileError
from harness.toml_files import read_toml

ServiceName = Literal["postgres", "redis"]
Command = tuple[str, ...]

SERVICE_NAMES: tuple[ServiceName, ...] = get_args(ServiceName)
MOST_PERCENT = 100
_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of target.toml."""


class Serve(_Section, frozen=True):
    """How to start the target. `{python}` and `{port}` in the command are filled in.

    `port` is only for a target that insists on one; without it a free one is taken.
    """

    command: Command
    directory: str = "."
    ready: str = "/"
    ready_timeout_s: float = 30.0
    port: int | None = None
    environment: dict[str, str] = {}


class Prepare(_Section, frozen=True):
    """Commands before serving. `inputs`: files and folders whose content decides the template database."""

    migrate: tuple[Command, ...] = ()
    seed: tuple[Command, ...] = ()
    inputs: tuple[str, ...] = ()


class Reach(_Section, frozen=True):
    """How many percent of the OpenAPI document the contract suite must reach, by dimension; what is left out is free.

    What each dimension counts stands in `harness/contract_records.py`.
    """

    operations: float | None = None
    statuses: float | None = None
    parameters: float | None = None
    properties: float | None = None
    enums: float | None = None
    examples: float | None = None

    @property
    def fail_under(self) -> dict[str, float]:
        """The dimensions that are asked for, with how much of each."""
        return {name: percent for name, percent in msgspec.structs.asdict(self).items() if percent is not None}


class OpenApi(_Section, frozen=True):
    """Where the OpenAPI document is: a path on the target, or a file.

    `schemathesis` is a configuration file for the contract suite: which statuses a check should expect, and hooks.
    `snapshot` is the committed copy of the document, which the served one must equal; `reach` how much of the document
    the suite must reach.
    """

    path: str | None = None
    file: str | None = None
    schemathesis: str | None = None
    snapshot: str | None = None
    reach: Reach = Reach()


class Auth(_Section, frozen=True):
    """A Web Fuzzing Commons auth file, and which of its identities is the administrator."""

    file: str
    admin: str | None = None


class Load(_Section, frozen=True):
    """Folders with journeys (Locust user classes) and profiles (TOML); a target needs neither.

    Without `journeys` they are made from the OpenAPI document, without `profiles` there is a gentle `smoke`. `writes`:
    whether journeys that are made, of the document or of a recording, may write; without it they do where we serve the
    target, whose database is then thrown away, and do not on a target that somebody else runs (`base_url`).
    """

    journeys: str | None = None
    profiles: str | None = None
    writes: bool | None = None


class Tests(_Section, frozen=True):
    """The target's own pytest suites: each path is one part of `prove`, named like its folder.

    `processes` is how many of pytest-xdist's run a suite; more than one only for tests that do not disturb each other.
    """

    paths: tuple[str, ...] = ()
    processes: int = 1


class Security(_Section, frozen=True):
    """Folders and files for the static scanners."""

    sources: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()


class Metrics(_Section, frozen=True):
    """Where the target shows its Prometheus metrics."""

    path: str


class TargetFile(_Section, frozen=True):
    """`target.toml` as written."""

    name: str
    base_url: str | None = None
    serve: Serve | None = None
    services: dict[str, str] = {}
    prepare: Prepare = Prepare()
    openapi: OpenApi | None = None
    auth: Auth | None = None
    load: Load | None = None
    tests: Tests = Tests()
    security: Security = Security()
    metrics: Metrics | None = None
    waivers: str | None = None


class Target(msgspec.Struct, frozen=True):
    """A validated target: what its file says, and where that file is."""

    file: Path
    settings: TargetFile

    @classmethod
    def read(cls, file: Path) -> "Target":
        """Read and validate a target.toml (or the folder that holds one).

        Raises:
            TargetFileError: names the file, the key, what is wrong and what would be right.

        """
        file = (file / "target.toml" if file.is_dir() else file).absolute()
        target = cls(file, read_toml(file, TargetFile))
        for check in (_check_way_to_serve, _check_services, _check_tests, _check_reach, _check_places):
            check(target)
        return target

    @property
    def name(self) -> str:
        """The target's name, as reports show it."""
        return self.settings.name

    @property
    def services(self) -> dict[ServiceName, str]:
        """Each service that the target needs, with the environment variable that receives its URL."""
        return {name: self.settings.services[name] for name in SERVICE_NAMES if name in self.settings.services}

    @property
    def directory(self) -> Path:
        """The folder in which the target's commands run."""
        return self.resolve(self.settings.serve.directory if self.settings.serve else ".")

    @property
    def load(self) -> Load:
        """The [load] table; an empty one where there is none."""
        return self.settings.load or Load()

    @property
    def load_writes(self) -> bool:
        """Whether journeys that are made, from the OpenAPI document or a recording, may write."""
        return self.settings.serve is not None if self.load.writes is None else self.load.writes

    def resolve(self, place: str) -> Path:
        """Return a path of target.toml, which is relative to the file itself."""
        return (self.file.parent / place).resolve()


def _check_way_to_serve(target: Target) -> None:
    serve, base_url = target.settings.serve, target.settings.base_url
    if (serve is None) == (base_url is None):
        raise TargetFileError(target.file, "serve", "give either a [serve] table or base_url, not both, not neither")
    if base_url is not None:
        parts = urlsplit(base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise TargetFileError(target.file, "base_url", f"{base_url!r} is not an http:// or https:// address")
    if serve is not None:
        _check_serve(target.file, serve)


def _check_serve(file: Path, serve: Serve) -> None:
    if not serve.command:
        raise TargetFileError(file, "serve.command", "is empty; give the program and its arguments")
    words = (*serve.command, *serve.environment.values())
    if serve.port is None and not any("{port}" in word for word in words):
        raise TargetFileError(
            file,
            "serve.command",
            "nowhere says {port}; put it where the server gets its port, or fix serve.port",
        )
    if not serve.ready.startswith("/"):
        raise TargetFileError(file, "serve.ready", f"{serve.ready!r} must be a path that starts with /")
    if serve.ready_timeout_s <= 0:
        raise TargetFileError(file, "serve.ready_timeout_s", "must be more than 0 seconds")


def _check_reach(target: Target) -> None:
    openapi = target.settings.openapi
    for name, percent in (openapi.reach.fail_under if openapi else {}).items():
        if not 0 <= percent <= MOST_PERCENT:
            raise TargetFileError(target.file, f"openapi.reach.{name}", f"{percent:g} is no percentage from 0 to 100")


def _check_tests(target: Target) -> None:
    if target.settings.tests.processes < 1:
        raise TargetFileError(target.file, "tests.processes", "must be 1 or more")


def _check_services(target: Target) -> None:
    for name, variable in target.settings.services.items():
        if name not in SERVICE_NAMES:
            raise TargetFileError(
                target.file, f"services.{name}", f"unknown service; known ones: {', '.join(SERVICE_NAMES)}"
            )
        if not _ENVIRONMENT_NAME.match(variable):
            raise TargetFileError(
                target.file, f"services.{name}", f"{variable!r} is not the name of an environment variable"
            )


def _check_places(target: Target) -> None:
    """Every file and folder that target.toml names must be there: a scanner of nothing would find nothing."""
    settings = target.settings
    places = [("serve.directory", settings.serve.directory)] if settings.serve else []
    places += [("prepare.inputs", place) for place in settings.prepare.inputs]
    places += [("security.sources", place) for place in settings.security.sources]
    places += [("security.requirements", place) for place in settings.security.requirements]
    places += [("tests.paths", place) for place in settings.tests.paths]
    if settings.auth:
        places.append(("auth.file", settings.auth.file))
    given = (("load.journeys", target.load.journeys), ("load.profiles", target.load.profiles))
    places += [(key, place) for key, place in given if place is not None]
    if settings.waivers:
        places.append(("waivers", settings.waivers))
    if settings.openapi:
        if (settings.openapi.path is None) == (settings.openapi.file is None):
            raise TargetFileError(target.file, "openapi", "give either path or file, not both, not neither")
        if settings.openapi.file is not None:
            places.append(("openapi.file", settings.openapi.file))
        if settings.openapi.schemathesis is not None:
            places.append(("openapi.schemathesis", settings.openapi.schemathesis))
    for key, place in places:
        if not target.resolve(place).exists():
            raise TargetFileError(target.file, key, f"{place!r} does not exist (relative to this file)")
