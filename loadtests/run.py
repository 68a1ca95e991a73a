"""One load run: profile, engines, target, evidence. Prints nothing; `say` receives lines for the terminal."""

import contextlib
import ipaddress
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from harness.command_line import new_seed, python_command
from harness.errors import RequestError, TargetExited, TargetFileError
from harness.launch import launch
from harness.load_records import LoadSummary
from harness.results import Results
from harness.target import Target
from loadtests.crew import Crew
from loadtests.distributed.coordinator_process import CoordinatorProcess
from loadtests.engine_process import EngineProcess
from loadtests.evidence import make_room, write_evidence, write_locust_pages
from loadtests.made_journeys import MadeJourney
from loadtests.measured import Measured
from loadtests.measuring import Say, measure
from loadtests.messages import Go, Plan
from loadtests.openapi_journeys.document import check_has_document
from loadtests.openapi_journeys.making import DEFAULT_PROFILES, fitted, make_journeys
from loadtests.page_input import Finished
from loadtests.profile import find_profile, read_profile
from loadtests.replay import making as replay
from loadtests.replay.recording import Choice, read_recording
from loadtests.replay.things import Sequence
from loadtests.schedule import Shard, shares, users_of
from loadtests.summary import summarize


class Request(NamedTuple):
    """What the user asked for.

    `processes`: engines on this machine; or `workers`: engines anywhere, which join at `bind`. `page`: the port of
    Locust's web page. `replay`: what was recorded is the journey; without a profile it has one of its own.
    """

    profile: str | None
    target: Path
    services: str
    results: Path
    seed: int | None
    allow_remote: str | None = None
    processes: int = 1
    workers: int = 0
    bind: str = ""
    page: int | None = None
    replay: Choice | None = None


class Outcome(NamedTuple):
    """The summary, and whether Ctrl-C cut the run short."""

    summary: LoadSummary
    interrupted: bool


def run(request: Request, say: Say, hold: Callable[[], None] = lambda: None) -> Outcome:
    """Run a profile against a target and write the evidence; `hold` keeps the engines and their page open after that.

    Raises:
        RequestError: the target, the profile, its journeys, the recording or an option is wrong; nothing was started.
        TargetFault: the target did not start, or its process ended during the load; evidence is written then too.
        Inconclusive: a service, an identity or an engine was not to be had.

    """
    target = Target.read(request.target)
    check_is_local(target.settings.base_url, request.allow_remote)
    recording = read_recording(request.replay) if request.replay else None
    name, plans = _plans(request, target)
    results = Results(request.results).prepare()
    folder = make_room(results, name)
    with _crew(request, target, results.folder / folder, say) as crew:
        crew.plan(plans)
        with launch(target, request.services, say) as launched:
            plan, go = _ready_to_go(target, plans[0], launched.base_url, recording, say)
            crew.start(go)
            started = time.time()
            measured, what, target_gone = measure(crew, target, launched, plan, results.folder / folder, say)
        summary = summarize(name, plan.seed, _reproduce(request, plan.seed), len(plans), measured, what, _left_out(go))
        write_evidence(results, summary, plan.profile, measured.sums.series())
        if problem := write_locust_pages(_finished(results, folder, plan, go, started, measured)):
            say(problem)
        hold()
    if target_gone:
        raise TargetExited(f"{target.name}: its process ended under load; {folder} says when")
    return Outcome(summary, what.interrupted)


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


def _plans(request: Request, target: Target) -> tuple[str, list[Plan]]:
    """Return the profile's name, and the plan of each engine.

    Raises:
        RequestError: the profile is not there, is wrong, or has fewer users than its journeys need in each engine.

    """
    load = target.load
    folder = None if request.replay else load.journeys
    if not (folder or request.replay):
        check_has_document(target)
    file = _profile_file(request, target)
    profile = read_profile(file)
    if request.replay is not None:
        profile = replay.fitted(profile)
    engines = request.workers or request.processes
    if users_of(Shard(engines - 1, engines), profile.users) < len(profile.journeys):
        needed = engines * len(profile.journeys)
        raise TargetFileError(
            file, "users", f"{profile.users}: {engines} engines need at least {needed}, one a journey each"
        )
    seed = new_seed() if request.seed is None else request.seed
    return file.stem if request.replay is None else replay.name_of(file), [
        Plan(
            profile=profile,
            file=str(file),
            journeys=str(target.resolve(folder)) if folder else None,
            seed=seed,
            shard=Shard(index, engines),
            page=request.page,
        )
        for index in range(engines)
    ]


def _profile_file(request: Request, target: Target) -> Path:
    if request.profile is not None:
        folder = target.load.profiles
        return find_profile(request.profile, target.resolve(folder) if folder else DEFAULT_PROFILES)
    if request.replay is None:
        raise RequestError("give a profile; only a replay has one of its own")
    return replay.PROFILE


def _ready_to_go(
    target: Target, plan: Plan, base_url: str, recording: list[Sequence] | None, say: Say
) -> tuple[Plan, Go]:
    """Return the plan and the order to start, with the journeys that are made now: of a recording, or of a document."""
    if recording is not None:
        return plan, Go(base_url=base_url, made=replay.make_replay(target, base_url, recording, say))
    if plan.journeys is not None:
        return plan, Go(base_url=base_url)
    made = make_journeys(target, base_url, plan.seed)
    number = sum(len(journey.operations) for journey in made.journeys if isinstance(journey, MadeJourney))
    say(f"journeys made of the OpenAPI document: {number} operations of {len(made.journeys)} identities")
    profile = fitted(plan.profile, made) if target.load.profiles is None else plan.profile
    return msgspec.structs.replace(plan, profile=profile), Go(base_url=base_url, made=made, profile=profile)


@contextlib.contextmanager
def _crew(request: Request, target: Target, logs: Path, say: Say) -> Iterator[Crew]:
    """Start the engines, or wait until as many workers have joined; all end afterwards."""
    crew = Crew()
    with contextlib.ExitStack() as stack:
        stack.callback(crew.close)
        if request.workers:
            coordinator = CoordinatorProcess(request.bind, request.workers, logs / "workers.log", crew.hear)
            for link in stack.enter_context(coordinator).await_workers(say):
                crew.join(link)
        else:
            for number in range(1, request.processes + 1):
                name = f"load process {number}"
                crew.join(EngineProcess(name, target.file, logs / f"engine-{number}.log", crew.hear))
        yield crew


def _finished(results: Results, folder: str, plan: Plan, go: Go, started: float, measured: Measured) -> Finished:
    return Finished(
        results=str(results.folder),
        output=folder,
        base_url=go.base_url,
        started=started,
        ended_s=measured.ended_s,
        journeys_folder=plan.journeys,
        made=go.made,
        journeys=shares(plan.profile.users, plan.profile.journeys),
        series=measured.sums.series(),
        errors=dict(measured.errors),
        moments=tuple(measured.timeline.moments),
    )


def _left_out(go: Go) -> tuple[str, ...]:
    return tuple(f"{one.operation}: {one.reason}" for one in go.made.not_exercised) if go.made else ()


def _reproduce(request: Request, seed: int) -> str:
    choice = request.replay
    options = {
        "--replay": choice.file if choice else None,
        "--slowest": choice.slowest if choice else None,
        "--target": request.target,
        "--services": request.services,
        "--seed": seed,
        "--allow-remote": request.allow_remote,
        "--processes": request.processes if request.processes > 1 else None,
        "--workers": request.workers or None,
        "--bind": request.bind or None,
    }
    given = [str(word) for option, value in options.items() if value is not None for word in (option, value)]
    given += ["--failed"] if choice and choice.failed else []
    return python_command("-m", "loadtests", "run", *([request.profile] if request.profile else []), *given)
