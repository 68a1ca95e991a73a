"""The load part's command: `python -m loadtests run | ui | worker`."""

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from harness.command_line import DEFAULT_TARGET, EXIT_INTERRUPTED, add_common_options, parser, run_edge
from harness.errors import PortTaken, RequestError
from harness.load_records import EndpointLoad, LoadSummary
from harness.ports import LOOPBACK, claim_port
from harness.target import Target
from loadtests.distributed.address import Address
from loadtests.replay.recording import Choice
from loadtests.run import Outcome, Request, run

BIND = "127.0.0.1:5557"
PAGE_PORT = 8089
JOIN_WITHIN_S = 60


def main() -> int:
    """Do what was asked; the exit code is the design's."""
    options = _parse()
    command: int = options.command(options)
    return command


def _run(options: argparse.Namespace) -> int:
    if options.workers and options.processes != 1:
        raise RequestError("--workers and --processes: give one of them; workers bring processes of their own")
    return _finish(run(_request(options, workers=options.workers, bind=options.bind), say=_say))


def _ui(options: argparse.Namespace) -> int:
    try:
        claim_port(options.port)
    except PortTaken as error:  # Locust's page would not come, and nobody would hear why
        raise RequestError(f"--port {options.port}: is taken; give another") from error
    page = f"http://{LOOPBACK}:{options.port}"

    def hold() -> None:
        _say(f"the load is over; Locust's page stays at {page} until Ctrl-C")
        ended = threading.Event()
        before = {number: signal.signal(number, lambda *_: ended.set()) for number in (signal.SIGINT, signal.SIGTERM)}
        ended.wait()
        for number, handler in before.items():
            signal.signal(number, handler)

    _say(f"Locust's page: {page}")
    return _finish(run(_request(options, page=options.port), _say, hold))


def _worker(options: argparse.Namespace) -> int:
    Address.read(options.join, "--join")
    target = Target.read(options.target)
    journeys = str(target.resolve(target.load.journeys)) if target.load.journeys else ""
    arguments = ["-m", "loadtests.distributed.worker", options.join, journeys, str(target.file), str(options.wait)]
    # Not imported: it imports Locust, which changes the process it is in.
    os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606 - no shell is meant


def _parse() -> argparse.Namespace:
    edge = parser("python -m loadtests", "Load tests with open arrivals and thresholds.")
    commands = edge.add_subparsers(required=True, metavar="COMMAND")
    run_parser = commands.add_parser("run", help="run a load profile")
    run_parser.set_defaults(command=_run)
    _add_load_options(run_parser)
    run_parser.add_argument("--processes", type=_positive, default=1, metavar="N", help="load processes (default: 1)")
    run_parser.add_argument("--workers", type=_positive, default=0, metavar="N", help="wait for N workers, which join")
    run_parser.add_argument("--bind", default=BIND, metavar="HOST:PORT", help="where they join (default: %(default)s)")
    ui_parser = commands.add_parser("ui", help="run a load profile, and show Locust's web page with it")
    ui_parser.set_defaults(command=_ui, processes=1)
    _add_load_options(ui_parser)
    ui_parser.add_argument("--port", type=_positive, default=PAGE_PORT, metavar="N", help="default: %(default)s")
    worker_parser = commands.add_parser("worker", help="make load for a run that waits for workers")
    worker_parser.set_defaults(command=_worker)
    worker_parser.add_argument("--join", default=BIND, metavar="HOST:PORT", help="its --bind (default: %(default)s)")
    wait = "for how long to wait for a run (default: %(default)s)"
    worker_parser.add_argument("--wait", type=_positive, default=JOIN_WITHIN_S, metavar="SECONDS", help=wait)
    worker_parser.add_argument("--target", type=type(DEFAULT_TARGET), default=DEFAULT_TARGET, metavar="PATH")
    return edge.parse_args()


def _add_load_options(load_parser: argparse.ArgumentParser) -> None:
    name = "a name in the target's folder of profiles, or a path; a replay needs none"
    load_parser.add_argument("profile", nargs="?", metavar="PROFILE", help=name)
    recorded = "a HAR file, or NDJSON events of Schemathesis, whose requests are the journey"
    load_parser.add_argument("--replay", type=Path, metavar="FILE", help=recorded)
    slowest = "of the file, the N slowest requests (with what belongs to each) only"
    load_parser.add_argument("--slowest", type=_positive, metavar="N", help=slowest)
    load_parser.add_argument("--failed", action="store_true", help="of the file, what failed only")
    add_common_options(load_parser)
    load_parser.add_argument(
        "--allow-remote", metavar="HOST", help="the host of a target that is not on this machine, to say you may"
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text}: must be 1 or more")
    return number


def _request(options: argparse.Namespace, workers: int = 0, bind: str = "", page: int | None = None) -> Request:
    return Request(
        profile=options.profile,
        target=options.target,
        services=options.services,
        results=options.results,
        seed=options.seed,
        allow_remote=options.allow_remote,
        processes=options.processes,
        workers=workers,
        bind=bind if workers else "",
        page=page,
        replay=_choice(options),
    )


def _choice(options: argparse.Namespace) -> Choice | None:
    if options.replay is not None:
        return Choice(options.replay, options.slowest, options.failed)
    if options.slowest is not None or options.failed:
        raise RequestError("--slowest and --failed choose from a recording: give --replay FILE")
    return None


def _finish(outcome: Outcome) -> int:
    _show(outcome.summary)
    return EXIT_INTERRUPTED if outcome.interrupted else outcome.summary.status.exit_code


def _show(summary: LoadSummary) -> None:
    _show_arrivals(summary)
    print(f"  {'':40} {'count':>8} {'failed':>6} {'service p50':>12} {'p99 ms':>9} {'response p50':>13} {'p99 ms':>9}")
    for load in (*summary.endpoints, summary.total):
        _show_row(load.name, load)
    for stage in summary.stages:
        _show_row(f"stage {stage.name}", stage.total, "  warm-up, not judged" if stage.warm_up else "")
    _show_use(summary)
    for left in summary.not_exercised:
        print(f"  not exercised: {left}")
    for threshold in summary.thresholds:
        print(f"  {threshold.status:12} {threshold.expression}  ({threshold.observed})")
    for sentence in (*summary.inconclusive, *summary.errors[:10]):
        print(f"  ! {sentence}")
    print(f"{summary.status}: again with: {summary.reproduce}")


def _show_arrivals(summary: LoadSummary) -> None:
    arrivals, total = summary.arrivals, summary.total
    if summary.loop == "open":
        counted = (
            f"{arrivals.intended} arrivals intended, {arrivals.started} started, {arrivals.dropped} dropped,"
            f" {arrivals.late} late"
        )
    else:
        counted = f"closed loop: {arrivals.started} requests started (a slow target gets fewer)"
    print(f"{summary.profile}: {counted}; {total.failures} of {total.count} failed in {summary.seconds:.1f} s")


def _show_row(name: str, load: EndpointLoad, note: str = "") -> None:
    service, response = load.service_ms, load.response_ms
    print(
        f"  {name:40} {load.count:8} {load.failures:6} {service.p50:12.2f} {service.p99:9.2f}"
        f" {response.p50:13.2f} {response.p99:9.2f}{note}"
    )


def _show_use(summary: LoadSummary) -> None:
    generator, target = summary.generator, summary.target
    print(
        f"  generator: {generator.cpu:.0%} of a core (peak {generator.cpu_peak:.0%}), scheduling lag p99"
        f" {generator.lag_p99_ms:.2f} ms, requests started late by p99 {generator.start_lag_ms.p99:.2f} ms"
    )
    if target is not None:
        print(f"  target: {target.cpu_mean:.0%} of a core (peak {target.cpu_peak:.0%}), {target.rss_peak_mb:.0f} MB")


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(run_edge(main))
