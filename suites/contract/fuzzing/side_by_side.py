"""Several engines at once, each with a share of the operations and a target of its own: database, Redis and port.

Nothing that one of them does can be met by another, so findings are those of one engine, but for what an operation
learns from answers to others: ids that a share of its own never sees are not captured there.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from harness.errors import RequestError
from harness.guardian import Guardian
from harness.launch import Launched
from harness.target import Target
from suites.contract.fuzzing.isolation import Isolation
from suites.contract.fuzzing.run import FuzzRun, Part, Request, WaitingEngine, merged, start_waiting
from suites.contract.fuzzing.sharing import Share

MOST_BY_ITSELF = 2
"""Engines at once where nobody asks for a number: a target of several processes is busy on the cores beside its own."""

Serving = contextlib.AbstractContextManager[Launched, bool | None]


def processes_for(target: Target, wanted: int | None) -> int:
    """Return how many engines can work at once: one where the target can be served only once.

    Raises:
        RequestError: more were asked for.

    """
    serve = target.settings.serve
    only = "base_url" if serve is None else "serve.port" if serve.port else None
    if only and wanted is not None and wanted > 1:
        raise RequestError(f"--processes {wanted}: {target.file} has {only}: the target can be served only once")
    if wanted is not None and wanted < 1:
        raise RequestError(f"--processes {wanted}: is at least 1")
    return 1 if only else wanted or min(MOST_BY_ITSELF, len(os.sched_getaffinity(0)))


@contextlib.contextmanager
def starting(targets: Sequence[Serving]) -> Iterator[tuple[Future[Launched], ...]]:
    """Start targets while the run goes on with something else; stop them at the end."""
    with contextlib.ExitStack() as stack, ThreadPoolExecutor(max(1, len(targets))) as threads:
        yield tuple(threads.submit(stack.enter_context, target) for target in targets)


@contextlib.contextmanager
def waiting_engines(count: int, configuration: Path | None, guardian: Guardian) -> Iterator[tuple[WaitingEngine, ...]]:
    """Start engines that wait for their targets; `fuzz` tells them what to do."""
    with contextlib.ExitStack() as stack:
        engines = [start_waiting(number, configuration, guardian) for number in range(1, count + 1)]
        for engine in engines:
            stack.callback(engine.close)
        yield tuple(engines)


def fuzz(
    request: Request,
    shares: Sequence[Share],
    first: tuple[Launched, Isolation],
    others: Sequence[Future[Launched]],
    waiting: Sequence[WaitingEngine],
    tell: Callable[[str], object],
) -> FuzzRun:
    """Run an engine for each share, each against a target of its own; the first isolation counts what all of them did.

    `tell` gets a line of progress now and then.

    Raises:
        ProvingGroundError: one of the other targets did not start.

    """
    launched, isolation = first
    isolations = [isolation]
    with contextlib.ExitStack() as stack:
        engines = []
        for needless in waiting[len(shares) :]:
            needless.process.stop()
        for number, share in enumerate(shares, 1):
            if number > 1:
                launched = others[number - 2].result()
                isolations.append(Isolation(launched))
            engine = waiting[number - 1]
            address = stack.enter_context(isolations[-1].offered(engine.folder / "seed.socket"))
            at = f"{launched.base_url}{request.prefix}"
            part = Part(number=number, of=len(shares), share=share, base_url=at, seed_address=address)
            engines.append(engine.start(request, part))
        began_s = time.monotonic()
        runs = [engine.finish(lambda: tell(_progress(time.monotonic() - began_s, isolations))) for engine in engines]
    for other in isolations[1:]:
        isolation.add(other)
    return merged(runs)


def _progress(elapsed_s: float, isolations: Sequence[Isolation]) -> str:
    places = ", ".join(isolation.place for isolation in isolations if isolation.place)
    restores = sum(isolation.restores for isolation in isolations)
    return f"{elapsed_s:4.0f} s  contract: {f'{places}; the seed restored {restores} times' if places else 'fuzzing'}"
