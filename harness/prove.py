"""All evidence on one target: runs every part as a process of its own, then the report.

A part that fails does not stop the others: the verdict weighs what all of them left under `results/`. Only when
the target cannot be started at all is there nothing more to run.
"""

import datetime as dt
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from harness.command_line import offline, python_command
from harness.errors import UnreadableEvidence
from harness.guard_process import die_with_parent
from harness.launch import new_run_id
from harness.machine import fingerprint
from harness.results import Part, Results, Run, ServiceRecord, TargetCheck
from harness.services.interface import Say
from harness.target import Target

PROJECT = Path(__file__).resolve().parent.parent
_STOP_TIMEOUT_S = 60


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What the user asked for."""

    target: Target
    services: str
    results: Results
    seed: int

    @property
    def options(self) -> list[str]:
        """The common options, as every part takes them."""
        return [
            *("--target", _shown(self.target.file), "--services", self.services),
            *("--results", _shown(self.results.folder), "--seed", str(self.seed)),
        ]


def prove(request: Request, say: Say) -> int:
    """Run every part and the report, and return the report's exit code, which is the verdict's."""
    request.results.prepare()
    _clear(request.results.folder)
    run = _new_run(request)
    commands = _parts(request)
    try:
        for number, (name, arguments) in enumerate(commands, start=1):
            say(f"\n━━ {number}/{len(commands)} {name} ━━ {python_command(*arguments)}")
            run = _with_part(run, name, arguments)
            if name == "target" and run.parts[-1].exit_code != 0:
                say("the target could not be started: no other part can run")
                run = _with_unrun(run, commands[number:])
                break
    finally:
        finished = dt.datetime.now(dt.UTC).isoformat(timespec="seconds") if len(run.parts) == len(commands) else None
        run = msgspec.structs.replace(run, services=_services(request.results), finished=finished)
        request.results.write(run)
    say("\n━━ report ━━")
    report = ["-m", "reports", "--target", _shown(request.target.file), "--results", _shown(request.results.folder)]
    return _run(report)


def _parts(request: Request) -> list[tuple[str, list[str]]]:
    """Return every part's name and the arguments for Python, in the order in which they run."""
    own = [request.target.resolve(place) for place in request.target.settings.tests.paths]
    quiet = ["-q", "--no-header"]
    return [
        ("target", ["-m", "harness", "check", *request.options]),
        *((_part_name(place), ["-m", "pytest", _shown(place), *quiet, *request.options]) for place in own),
        ("contract", ["-m", "pytest", "suites/contract", *quiet, *request.options]),
        ("security", ["-m", "security", *request.options]),
        ("load", ["-m", "loadtests", "run", "smoke", *request.options]),
    ]


def _part_name(place: Path) -> str:
    """Return the suite's name: the folder below `suites`, or the folder itself."""
    parts = place.parts
    return parts[parts.index("suites") + 1] if "suites" in parts[:-1] else place.name


def _new_run(request: Request) -> Run:
    return Run(
        id=new_run_id(),
        target=request.target.name,
        commit=_commit(request.target.file.parent),
        seed=request.seed,
        offline=offline(),
        services=(),
        machine=fingerprint(),
        started=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        finished=None,
        parts=(),
    )


def _with_part(run: Run, name: str, arguments: Sequence[str]) -> Run:
    started = time.monotonic()
    code = _run(arguments)
    part = Part(
        name=name,
        command=python_command(*arguments),
        exit_code=code,
        seconds=round(time.monotonic() - started, 1),
    )
    return msgspec.structs.replace(run, parts=(*run.parts, part))


def _with_unrun(run: Run, commands: Sequence[tuple[str, Sequence[str]]]) -> Run:
    unrun = tuple(
        Part(name=name, command=python_command(*arguments), exit_code=None, seconds=0.0) for name, arguments in commands
    )
    return msgspec.structs.replace(run, parts=run.parts + unrun)


def _run(arguments: Sequence[str]) -> int:
    """Run Python with these arguments in the project's folder, its output being ours; ended when we end."""
    command = [sys.executable, *arguments]
    with subprocess.Popen(command, cwd=PROJECT, preexec_fn=die_with_parent) as process:  # noqa: PLW1509 - one thread
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.send_signal(signal.SIGINT)  # a terminal has sent it already; `kill` has not
            process.wait(_STOP_TIMEOUT_S)
            raise


def _services(results: Results) -> tuple[ServiceRecord, ...]:
    try:
        return results.read(TargetCheck).services
    except UnreadableEvidence:
        return ()  # the part `target` has said why


def _commit(folder: Path) -> str | None:
    """Return the commit of a folder under git, with `-dirty` where it has changes; None without git."""
    git = shutil.which("git")
    if git is None:
        return None
    done = subprocess.run(
        [git, "-C", folder, "describe", "--always", "--dirty", "--abbrev=12", "--match="],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or None


def _shown(path: Path) -> str:
    """Return a path relative to the project where it lies inside."""
    return str(path.relative_to(PROJECT)) if path.is_relative_to(PROJECT) else str(path)


def _clear(folder: Path) -> None:
    """Remove the last run's evidence: only what this project writes, whatever else lies there."""
    for name in ("allure", "junit", "contract", "load", "security", "site", "databases"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in ("run.json", "target.json", "verdict.json", "verdict.md"):
        (folder / name).unlink(missing_ok=True)
