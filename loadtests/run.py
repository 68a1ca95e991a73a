"""One load run: profile, engine, target, evidence. Prints nothing; `say` receives lines for the terminal."""

import contextlib
import ipaddress
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec
import psutil

from harness.command_line import new_seed, python_command
from harness.errors import RequestError, TargetExited
from harness.launch import launch
from harness.results import LoadSummary, Results
from harness.target import Target
from loadtests.engine_process import EngineProcess
from loadtests.evidence import write_evidence
from loadtests.messages import Go, Plan, Report, Second
from loadtests.openapi_journeys.document import check_has_document
from loadtests.openapi_journeys.making import DEFAULT_PROFILES, fitted, make_journeys
from loadtests.profile import Profile, find_profile, read_profile
from loadtests.summary import summarize

PROGRESS_EVERY_S = 2
Say = Callable[[str], None]


class Request(NamedTuple):
    """What the user asked for."""

    profile: str
    target: Path
    services: str
    results: Path
    seed: int | None
    allow_remote: str | None


class Outcome(NamedTuple):
    """The summary, and whether Ctrl-C cut the run short."""

    summary: LoadSummary
    interrupted: bool


def run(request: Request, say: Say) -> Outcome:
    """Run a profile against a target and write the evidence.

    Raises:
        RequestError: the target, the profile, its journeys or an option is wrong; nothing was started.
        TargetFault: the target did not start, or its process ended during the load; evidence is written then too.
        Inconclusive: a service, an identity or the engine was not to be had.

    """
    target = Target.read(request.target)
    load = target.load
    check_is_local(target.settings.base_url, request.allow_remote)
    if load.journeys is None:
        check_has_document(target)
    file = find_profile(request.profile, target.resolve(load.profiles) if load.profiles else DEFAULT_PROFILES)
    plan = Plan(
        profile=read_profile(file),
        file=str(file),
        journeys=str(target.resolve(load.journeys)) if load.journeys else None,
        results=str(request.results.absolute()),
        output=f"load/{file.stem}",
        seed=new_seed() if request.seed is None else request.seed,
    )
    results = Results(request.results).prepare()
    results.path(LoadSummary, file.stem).unlink(missing_ok=True)  # an earlier run must not speak for this one
    with EngineProcess(plan, target.file, results.folder / plan.output / "engine.log") as engine:
        engine.await_ready()
        with launch(target, request.services, say) as launched:
            go = Go(base_url=launched.base_url)
            if plan.journeys is None:
                go = _made(target, plan, launched.base_url, say, is_default=load.profiles is None)
            profile = go.profile or plan.profile
            seconds, report = _put_load(engine, go, profile, say)
            gone = _is_gone(launched.pid)
    summary = summarize(file.stem, plan.seed, _reproduce(request, plan.seed), profile, seconds, report)
    if go.made:
        left = tuple(f"{one.operation}: {one.reason}" for one in go.made.not_exercised)
        summary = msgspec.structs.replace(summary, not_exercised=left)
    write_evidence(results, summary, profile, seconds, report)
    if gone:
        raise TargetExited(f"{target.name}: its process ended under load; {plan.output} says when")
    return Outcome(summary, report.interrupted)


def _made(target: Target, plan: Plan, base_url: str, say: Say, *, is_default: bool) -> Go:
    """Make journeys of the target's document, and name what they leave out."""
    made = make_journeys(target, base_url, plan.seed)
    number = sum(len(journey.operations) for journey in made.journeys)
    say(f"journeys made of the OpenAPI document: {number} operations of {len(made.journeys)} identities")
    for one in made.not_exercised:
        say(f"  not exercised: {one.operation}: {one.reason}")
    return Go(base_url=base_url, made=made, profile=fitted(plan.profile, made) if is_default else None)


def check_is_local(base_url: str | None, allowed: str | None) -> None:
    """Refuse to put load on another machine, unless the user named it.

    Raises:
        RequestError: the target is not on loopback and `--allow-remote` does not name its host.

    """
    host = urlsplit(base_url).hostname if base_url else None
    if host is None or host in {"localhost", allowed}:
        return
    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(host).is_loopback:
            return
    raise RequestError(f"{base_url} is not on this machine; if you may put load on it: --allow-remote {host}")


def _put_load(engine: EngineProcess, go: Go, profile: Profile, say: Say) -> tuple[list[Second], Report]:
    """Let the engine run to its end, or to Ctrl-C; return every second and the report."""
    seconds: list[Second] = []

    def watch(second: Second) -> None:
        seconds.append(second)
        if len(seconds) % PROGRESS_EVERY_S == 0:
            say(_progress(seconds[-PROGRESS_EVERY_S:], profile))

    with _stopped_by_signals(engine):
        report = engine.run(go, watch)
    return seconds, report


@contextlib.contextmanager
def _stopped_by_signals(engine: EngineProcess) -> Iterator[None]:
    """Let the first Ctrl-C or SIGTERM end the load early, with its results; a second one acts as ever."""

    def stop(number: int, _frame: object) -> None:
        signal.signal(number, before[signal.Signals(number)])
        engine.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _progress(last: list[Second], profile: Profile) -> str:
    now = last[-1].second + 1
    slowest = max((row.response_p99_ms for row in last if row.response_p99_ms is not None), default=None)
    return (
        f"{now:4d} s  {last[-1].stage:10} {sum(row.started for row in last) / len(last):7.1f}/s"
        f"  response p99 {'-' if slowest is None else f'{slowest:.1f} ms'}"
        f"  failures {sum(row.failures for row in last)}"
        f"  in flight {last[-1].in_flight}  {max(0, round(profile.duration_s - now))} s left"
    )


def _is_gone(pid: int | None) -> bool:
    """Whether the process of a target that we serve has ended; somebody else's target is not ours to watch."""
    if pid is None:
        return False
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _reproduce(request: Request, seed: int) -> str:
    remote = ("--allow-remote", request.allow_remote) if request.allow_remote else ()
    arguments = ("--target", str(request.target), "--services", request.services, "--seed", str(seed), *remote)
    return python_command("-m", "loadtests", "run", request.profile, *arguments)
