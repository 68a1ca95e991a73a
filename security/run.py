"""The loop: runs scans side by side, then probes one after the other, and yields what each saw.

Prints nothing and exits nothing. Whatever goes wrong with one check is that check's gap, never the end of the run.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed

from harness.errors import Inconclusive
from security.evidence import Outcome
from security.probes.interface import Probe
from security.processes import Workshop
from security.scans.interface import Scanner

SIDE_BY_SIDE = 2

Seen = tuple[str, Outcome]


def run_scans(scanners: Sequence[Scanner], workshop: Workshop, *, offline: bool) -> Iterator[Seen]:
    """Run scanners, two processes at a time; yield (name, outcome) as they end.

    Without a network, scanners that need one are not started: they say so at once.
    """
    with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
        futures: dict[Future[Outcome], Scanner] = {}
        for scanner in scanners:
            if offline and scanner.needs_network:
                yield scanner.name, Outcome(covered=0, version=scanner.version, incomplete="offline")
            else:
                futures[threads.submit(_outcome, _scan(scanner, workshop), scanner.version)] = scanner
        for future in as_completed(futures):
            yield futures[future].name, future.result()


def run_probes(probes: Sequence[Probe], base_url: str, seed: int) -> Iterator[Seen]:
    """Probe the target that answers at `base_url`; yield (name, outcome)."""
    for probe in probes:
        yield probe.name, _outcome(_probe(probe, base_url, seed))


def without_target(probes: Iterable[Probe], why: str) -> Iterator[Seen]:
    """Yield the outcomes of probes whose target could not be had."""
    for probe in probes:
        yield probe.name, Outcome(covered=0, incomplete=f"the target could not be had: {why}")


def _scan(scanner: Scanner, workshop: Workshop) -> Callable[[], Outcome]:
    return lambda: scanner.scan(workshop)


def _probe(probe: Probe, base_url: str, seed: int) -> Callable[[], Outcome]:
    return lambda: probe.probe(base_url, seed)


def _outcome(check: Callable[[], Outcome], version: str = "built in") -> Outcome:
    try:
        return check()
    except Inconclusive as error:
        return Outcome(covered=0, version=version, incomplete=str(error).splitlines()[0])
