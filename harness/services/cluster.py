"""A Postgres of our own: its files, its server process, and copies of it that save later runs the work.

Postgres refuses to run as root, so for root it runs as `nobody`, from a copy of its programs when that user cannot
reach the originals. Two copies of a cluster are kept in the user's cache: one fresh from initdb, which takes half a
second and always makes the same; and, where the caller names its content, one with migrated templates in it.
"""

import os
import platform
import pwd
import secrets
import shutil
import signal
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness.cache import cached, copy_tree, keep, prune
from harness.errors import ServiceUnavailable
from harness.guardian import GuardedProcess, Guardian
from harness.ports import LOOPBACK, free_port
from harness.services.answering import START_TIMEOUT_S, set_password, until_it_answers
from harness.services.binaries import from_path, origin, postgres_folder
from harness.services.short_lived import POSTGRES_SETTINGS

_MIGRATED = "migrated-"
_MIGRATED_KEPT = 4  # of about 45 MB each
_OWN_SETTINGS = {"unix_socket_directories": "", "listen_addresses": LOOPBACK, "logging_collector": "off"}


class Cluster:
    """A running cluster; `url` is its superuser's, `version` what the server says of itself.

    `content` names what the caller will put into it: a kept copy of that name is started from, where there is one.

    Raises:
        ServiceUnavailable: it could not be made or started; shows the last output.

    """

    def __init__(self, guardian: Guardian, content: str | None = None) -> None:
        self._guardian = guardian
        self._user = _unprivileged_user()
        self._home = guardian.folder / "postgres"
        self._home.mkdir(mode=0o700)
        if self._user is not None:
            os.chown(self._home, self._user, self._user)
        self._data = self._home / "data"
        self._kept_name = None if content is None or from_path() else f"{_MIGRATED}{content}"
        with ThreadPoolExecutor(1) as threads:  # for root both are copies, a tenth of a second each
            brought = threads.submit(self._bring_kept_data)
            self._binaries = self._reachable_binaries()
        if not brought.result():
            self._make_data()
        self._port = free_port()
        self._server = self._spawn()
        initial = (self._data / "password").read_text()
        self.version = until_it_answers(self._server, self._url(initial))
        password = secrets.token_hex(16)
        set_password(self._url(initial), password)
        self.url = self._url(password)
        (self._data / "password").write_text(password)

    def keep(self) -> None:
        """Keep a copy under the name of its content, unless there is one; the server stops for it and starts again."""
        if self._kept_name is None or cached(self._kept_name):
            return
        self._server.send(signal.SIGINT)  # "fast" shutdown: with a checkpoint, so that the copy starts at once
        self._server.wait(START_TIMEOUT_S)
        keep(self._data, self._kept_name)
        prune(_MIGRATED, _MIGRATED_KEPT)
        self._server = self._spawn()
        until_it_answers(self._server, self.url)

    def _url(self, password: str) -> str:
        return f"postgresql://postgres:{password}@{LOOPBACK}:{self._port}/postgres"

    def _spawn(self) -> GuardedProcess:
        settings = {**POSTGRES_SETTINGS, **_OWN_SETTINGS, "port": str(self._port)}
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        return self._guardian.spawn(
            [self._binaries / "postgres", "-D", self._data, *options],
            output=self._home / "server.log",
            cwd=self._home,
            user=self._user,
            end_signal=signal.SIGQUIT,  # immediate shutdown: nothing in it is worth a checkpoint
        )

    def _bring_kept_data(self) -> bool:
        """Bring the data folder: a copy with the wanted content, else a fresh one; whether there was any."""
        kept = cached(self._kept_name) if self._kept_name else None
        fresh = None if from_path() else cached(_fresh_name())
        if source := kept or fresh:
            copy_tree(source, self._data)
        return source is not None

    def _make_data(self) -> None:
        """Make the data folder, and keep a copy for later runs."""
        self._initdb()
        if not from_path():
            keep(self._data, _fresh_name())

    def _initdb(self) -> None:
        password = self._home / "password"
        password.touch(0o600)
        password.write_text(secrets.token_hex(16))
        if self._user is not None:
            os.chown(password, self._user, self._user)
        command: list[str | Path] = [self._binaries / "initdb", "-D", self._data, "--username=postgres"]
        command += [f"--pwfile={password}", "--auth=scram-sha-256", "--encoding=UTF8", "--no-sync", "--no-instructions"]
        command += _locale_options()
        process = self._guardian.spawn(command, output=self._home / "initdb.log", cwd=self._home, user=self._user)
        if process.wait(START_TIMEOUT_S) != 0:
            raise ServiceUnavailable(f"postgres: initdb failed with code {process.exit_code}:{process.last_output()}")
        password.rename(self._data / password.name)

    def _reachable_binaries(self) -> Path:
        binaries = postgres_folder()
        if self._user is None or _reachable_by_others(binaries):
            return binaries
        self._home.chmod(0o711)
        return _copy_installation(binaries, self._home / "installation")


def _fresh_name() -> str:
    return f"cluster-{origin('postgres').replace(' ', '-')}-{platform.machine()}"


def _locale_options() -> list[str]:
    """Return the options for a UTF-8 locale that needs nothing of the machine (builtin since Postgres 17)."""
    builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return ["--locale=C"] if from_path() else [*builtin, "--locale=C"]


def _unprivileged_user() -> int | None:
    """Return the user that Postgres runs as when we are root, else None."""
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None


def _reachable_by_others(folder: Path) -> bool:
    """Whether any user may enter the folder: each of its parents lets others pass."""
    return all(place.stat().st_mode & stat.S_IXOTH for place in (folder, *folder.parents))


def _copy_installation(binaries: Path, copy: Path) -> Path:
    """Copy the wheel's Postgres to where the unprivileged user can reach it, and return its bin folder.

    The wheel keeps shared libraries in a folder `PACKAGE.libs` beside the package, found by relative paths: the copy
    has the same layout.
    """
    installation, package = binaries.parent, binaries.parent.parent
    not_needed = shutil.ignore_patterns("include", "pkgconfig", "*.a", "locale", "doc", "man")
    for source in (installation, package.with_name(f"{package.name}.libs")):
        if source.exists():
            target = copy / source.relative_to(package.parent)
            shutil.copytree(source, target, symlinks=True, ignore=not_needed)
    return copy / binaries.relative_to(package.parent)
