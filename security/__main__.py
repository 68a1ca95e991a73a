"""`python -m security`: scans, probes, SARIF and findings under results/security, a table, an exit code."""

import argparse
import datetime as dt
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from harness.command_line import (
    DEFAULT_TARGET,
    add_common_options,
    new_seed,
    offline,
    parser,
    python_command,
    run_edge,
)
from harness.errors import ProvingGroundError, RequestError
from harness.guardian import Guardian
from harness.launch import launch
from harness.results import Findings, Results, Scan
from harness.target import Target
from harness.waivers import Waivers, read_waivers
from security import sarif
from security.evidence import Outcome
from security.policy import DEFAULT_POLICY, Policy, read_policy
from security.probes.anonymous import Anonymous
from security.probes.headers import Headers
from security.probes.interface import Probe
from security.processes import Workshop
from security.run import Seen, run_probes, run_scans, without_target
from security.scans.bandit import Bandit
from security.scans.interface import Scanner
from security.scans.pip_audit import PipAudit
from security.verdict import Judged, judge_findings, judge_scan, overall, unused_waivers

SCANNERS: tuple[type[Scanner], ...] = (Bandit, PipAudit)
PROBES: tuple[type[Probe], ...] = (Headers, Anonymous)
NAMES = (*(scanner.name for scanner in SCANNERS), *(probe.name for probe in PROBES))
NEED_NETWORK = frozenset(scanner.name for scanner in SCANNERS if scanner.needs_network)
SHOWN_FAILURES = 10


class Request(msgspec.Struct, frozen=True):
    """What was asked for, read and validated."""

    options: argparse.Namespace
    target: Target
    policy: Policy
    waivers: Waivers
    seed: int
    today: dt.date

    def command(self, *only: str) -> str:
        """Return the line that runs some checks again from this folder."""
        given: list[str | Path] = []
        if self.options.target != DEFAULT_TARGET:
            given += ["--target", self.options.target]
        if self.options.policy != DEFAULT_POLICY:
            given += ["--policy", self.options.policy]
        if self.options.services != "auto":
            given += ["--services", self.options.services]
        given += ["--seed", str(self.seed)] if not set(only) <= {scanner.name for scanner in SCANNERS} else []
        return python_command("-m", "security", *given, "--only", *only)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen checks and return the exit code."""
    request = _read_request(arguments)
    results = Results(request.options.results).prepare()
    trouble: list[ProvingGroundError] = []
    # What was not asked for is in the evidence too: a report over part of the checks must not look whole.
    seen = {name: Outcome(covered=0, incomplete="not asked for (--only)") for name in NAMES}
    for name, outcome in _look(request, trouble):
        print(f"{name}: {outcome.covered} covered, {len(outcome.issues)} found", flush=True)
        seen[name] = outcome
    judged = [_judge(request, name, seen[name]) for name in NAMES]
    _write(results, request, seen, judged)
    asked = [one for one in judged if one.scan.tool in request.options.only]
    _show(request, seen, asked, results)
    if trouble:
        raise trouble[0]
    return overall(one.gate for one in asked).exit_code


def _read_request(arguments: Sequence[str] | None) -> Request:
    options = _parse(arguments)
    target = Target.read(options.target)
    place = target.settings.waivers
    return Request(
        options,
        target,
        read_policy(options.policy),
        read_waivers(target.resolve(place) if place else None),
        new_seed() if options.seed is None else options.seed,
        dt.datetime.now(dt.UTC).date(),
    )


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    options = parser("python -m security", "Static scans and dynamic probes behind one policy.")
    add_common_options(options)
    options.add_argument(
        "--policy", type=Path, default=DEFAULT_POLICY, metavar="PATH", help="another policy than security/policy.toml"
    )
    options.add_argument(
        "--only", nargs="+", choices=NAMES, default=list(NAMES), metavar="NAME", help=f"some of: {', '.join(NAMES)}"
    )
    return options.parse_args(arguments)


def _look(request: Request, trouble: list[ProvingGroundError]) -> Iterator[Seen]:
    """Yield what every chosen check saw; a target that cannot be had goes to `trouble`, after the evidence."""
    only = request.options.only
    scanners = [check(request.target, request.policy) for check in SCANNERS if check.name in only]
    probes = [
        check(request.target, request.policy, request.command(check.name)) for check in PROBES if check.name in only
    ]
    if scanners:
        with Guardian() as guardian:
            yield from run_scans(scanners, Workshop(guardian), offline=offline())
    if not probes:
        return
    waiting = {probe.name: probe for probe in probes}
    try:
        with launch(request.target, request.options.services, print) as launched:
            for name, outcome in run_probes(probes, launched.base_url, request.seed):
                del waiting[name]
                yield name, outcome
    except RequestError:
        raise
    except ProvingGroundError as error:
        trouble.append(error)
        yield from without_target(waiting.values(), str(error).splitlines()[0])


def _judge(request: Request, name: str, outcome: Outcome) -> Judged:
    threshold = request.policy.threshold(name)
    findings = judge_findings(name, outcome.issues, request.waivers.finding, request.today)
    scan = Scan(
        tool=name,
        version=outcome.version,
        covered=outcome.covered,
        incomplete=outcome.incomplete,
        needs_network=name in NEED_NETWORK,
        sarif=f"security/{name}.sarif",
        reproduce=request.command(name),
        fail_on=str(threshold),
    )
    gate = judge_scan(scan, findings, threshold, waivers=request.waivers.gate, offline=offline(), today=request.today)
    return Judged(scan, findings, gate)


def _write(results: Results, request: Request, seen: dict[str, Outcome], judged: Sequence[Judged]) -> None:
    for one in judged:
        results.write_text(one.scan.sarif, sarif.to_text(one.scan.tool, seen[one.scan.tool], one.findings))
    results.write(
        Findings(
            fail_on=str(request.policy.fail_on),
            scans=tuple(one.scan for one in judged),
            findings=tuple(finding for one in judged for finding in one.findings),
        )
    )


def _show(request: Request, seen: dict[str, Outcome], judged: Sequence[Judged], results: Results) -> None:
    for one in judged:
        gate = one.gate
        accepted = f" [accepted: {gate.accepted}]" if gate.accepted else ""
        print(f"{gate.status:<12} {gate.name:<22} {gate.summary}{accepted}")
        for failure in gate.failures[:SHOWN_FAILURES]:
            print(f"    {failure.what}\n      {failure.reproduce}")
        if len(gate.failures) > SHOWN_FAILURES:
            print(f"    and {len(gate.failures) - SHOWN_FAILURES} more in {one.scan.sarif}")
        for note in seen[one.scan.tool].notes:
            print(f"    note: {note}")
    if len(judged) == len(NAMES):
        for waiver in unused_waivers(seen.items(), request.waivers.finding):
            print(f"unused waiver {waiver.match!r}: {waiver}")
    print(f"evidence: {os.path.relpath(results.path(Findings))}")


if __name__ == "__main__":
    raise SystemExit(run_edge(main))
