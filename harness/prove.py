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

from harness.command_line import PROJECT, offline, python_command
from harness.errors import UnreadableEvidence
from harness.guard_process import die_with_parent
from harness.launch import new_run_id
from harness.machine import fingerprint
from harness.results import Part, Results, Run, ServiceRecord, TargetCheck
from harness.services.interface import Say
from harness.target import Target

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
    """Run every part and the report, and return the report's exit code, which is the verdict's.

    `run.json` names every part from the beginning, so that a run that was killed cannot pass for a whole one.
    """
    request.results.prepare()
    _clear(request.results.folder)
    commands = _parts(request)
    run = _new_run(request, commands)
    request.results.write(run)
    for number, (name, arguments) in enumerate(commands):
        say(f"\n━━ {number + 1}/{len(commands)} {name} ━━ {python_command(*arguments)}")
        run = _with_part(run, number, arguments)
        request.results.write(run)
        if name == "target" and run.parts[number].exit_code != 0:
            say("the target could not be started: no other part can run")
            break
    run = msgspec.structs.replace(run, services=_services(request.results), finished=_now())
    request.results.write(run)
    say("\n━━ report ━━")
    return _run(["-m", "reports", "--target", _shown(request.target.file), "--results", _shown(request.results.folder)])


def _parts(request: Request) -> list[tuple[str, list[str]]]:
    """Return every part's name and the arguments for Python, in the order in which they run."""
    tests = request.target.settings.tests
    own = [request.target.resolve(place) for place in tests.paths]
    quiet = ["-q", "--no-header"]
    side_by_side = ["--numprocesses", str(tests.processes)] if tests.processes > 1 else []
    return [
        ("target", ["-m", "harness", "check", *request.options]),
        *(
            (_part_name(place), ["-m", "pytest", _shown(place), *quiet, *side_by_side, *request.options])
            for place in own
        ),
        ("contract", ["-m", "pytest", "suites/contract", *quiet, *request.options]),
        ("security", ["-m", "security", *request.options]),
        ("load", ["-m", "loadtests", "run", "smoke", *request.options]),
    ]


def _part_name(place: Path) -> str:
    """Return the suite's name: the folder below `suites`, or the folder itself."""
    parts = place.parts
    return parts[parts.index("suites") + 1] if "suites" in parts[:-1] else place.name


def _new_run(request: Request, commands: Sequence[tuple[str, Sequence[str]]]) -> Run:
    return Run(
        id=new_run_id(),
        target=request.target.name,
        commit=_commit(request.target.file.parent),
        seed=request.seed,
        offline=offline(),
        services=(),
        machine=fingerprint(),
        started=_now(),
        finished=None,
        parts=tuple(
            Part(name=name, command=python_command(*arguments), exit_code=None, seconds=0.0)
            for name, arguments in commands
        ),
    )


def _with_part(run: Run, number: int, arguments: Sequence[str]) -> Run:
    """Run one part, and return the run with how it ended."""
    started = time.monotonic()
    code = _run(arguments)
    parts = list(run.parts)
    seconds = round(time.monotonic() - started, 1)
    parts[number] = msgspec.structs.replace(parts[number], exit_code=code, seconds=seconds)
    return msgspec.structs.replace(run, parts=tuple(parts))


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


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
