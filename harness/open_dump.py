"""Opens the database that a failed test left: a fresh Postgres with the dump restored, until Ctrl-C."""

import signal
import subprocess
from pathlib import Path

from harness.errors import RequestError
from harness.guardian import Guardian
from harness.launch import new_run_id
from harness.services.binaries import postgres_tool
from harness.services.embedded import Embedded
from harness.services.interface import Say


def open_dump(dump: Path, say: Say) -> int:
    """Restore a dump into an embedded Postgres, say how to connect, and serve it until interrupted.

    Raises:
        RequestError: there is no such dump, or pg_restore cannot read it.

    """
    if not dump.is_file():
        raise RequestError(f"{dump}: there is no such dump; failed tests leave theirs under results/databases/")
    with Guardian() as guardian:
        url = Embedded(guardian, new_run_id()).start("postgres").url
        restore: list[str | Path] = [
            postgres_tool("pg_restore"),
            "--no-owner",
            "--exit-on-error",
            "--dbname",
            url,
            dump,
        ]
        done = subprocess.run(restore, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RequestError(f"{dump}: cannot be restored: {done.stderr.strip()}")
        say(f"connect: {postgres_tool('psql')} {url}")
        say("the database lives until Ctrl-C")
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
    return 0
