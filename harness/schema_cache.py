"""Migrated schemas, kept between runs: a dump is restored in a twentieth of the time that migrations take.

Only for templates whose target names its `prepare.inputs`: their content, the commands, the server's version and the
installed packages make the key. In CI, with `PROVING_GROUND_CACHE=off`, and for seeded databases, migrations run.
"""

import os
import subprocess
import sysconfig
import tempfile
from collections.abc import Callable
from pathlib import Path

from harness.cache import cached, keep, prune
from harness.connection_strings import without_password
from harness.services.embedded import postgres_tool

_KEPT = 20


def remembered(key: str, migrate: Callable[[str], None]) -> Callable[[str], None]:
    """Return a function like `migrate(url)` that restores the schema of this key when it is known, else keeps it."""
    if os.environ.get("CI") == "true":
        return migrate
    name = f"schema-{key}-{_installed_packages()}.sql"

    def fill(url: str) -> None:
        known = cached(name)
        if known:
            _run(
                "psql",
                url,
                "--no-psqlrc",
                "--quiet",
                "--single-transaction",
                "--set=ON_ERROR_STOP=1",
                f"--file={known}",
            )
            return
        migrate(url)
        with tempfile.TemporaryDirectory() as folder:
            dump = Path(folder) / name
            _run("pg_dump", url, "--no-owner", f"--file={dump}")
            keep(dump, name)
        prune("schema-", _KEPT)

    return fill


def _installed_packages() -> str:
    """Return what changes when a package is installed or upgraded: the time of its folder."""
    return format(Path(sysconfig.get_path("purelib")).stat().st_mtime_ns, "x")


def _run(tool: str, url: str, *options: str) -> None:
    bare, environment = without_password(url)
    command: list[str | Path] = [postgres_tool(tool), "--dbname", bare, *options]
    subprocess.run(command, env={**os.environ, **environment}, check=True, stdout=subprocess.DEVNULL)
