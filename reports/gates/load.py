"""Gates of a load profile: the measurement itself is sound, and each threshold holds.

The load part itself says what of an unsound measurement can be believed: a threshold that cannot is inconclusive
already.
"""

from harness.load_records import LoadSummary, Threshold
from harness.results import Gate, Status
from reports.evidence import Evidence, Unreadable
from reports.gates.unreadable import unreadable_gate
from reports.text import one_line, plural

KIND = "load"


def gates(evidence: Evidence) -> tuple[Gate, ...]:
    """Return the gates of all profiles."""
    command = evidence.command_of("load")
    return tuple(
        gate
        for profile, summary in evidence.loads.items()
        for gate in (
            (unreadable_gate(f"{KIND}/{profile}", summary, command or f"python -m loadtests run {profile}"),)
            if isinstance(summary, Unreadable)
            else _gates(profile, summary)
        )
    )


def _gates(profile: str, load: LoadSummary) -> tuple[Gate, ...]:
    measured = _measured(profile, load)
    return (measured, *(_threshold(profile, load, threshold, measured.status) for threshold in load.thresholds))


def _measured(profile: str, load: LoadSummary) -> Gate:
    doubts = [one_line(doubt) for doubt in load.inconclusive]
    if not load.total.count:
        doubts.append("no requests were made")
    if not load.thresholds:
        doubts.append("the profile has no thresholds, so nothing was judged")
    return Gate(
        name=f"{KIND}/{profile}/measured",
        kind=KIND,
        status=Status.INCONCLUSIVE if doubts else Status.PASS,
        summary="; ".join(doubts) or _measurement(load),
        evidence=LoadSummary.FILE.format(profile),
        reproduce=load.reproduce if doubts else None,
    )


def _measurement(load: LoadSummary) -> str:
    total = load.total
    made = f"{plural(total.count, 'request')} in {load.seconds:.0f} s, {total.failures:,} failed"
    return f"{made}; response p50 {total.response_ms.p50:.1f} ms, p99 {total.response_ms.p99:.1f} ms"


def _threshold(profile: str, load: LoadSummary, threshold: Threshold, measured: Status) -> Gate:
    status = Status.worst((threshold.status, measured))
    doubt = "" if status is threshold.status else "; not credible, see the measurement"
    return Gate(
        name=f"{KIND}/{profile}/{one_line(threshold.expression)}",
        kind=KIND,
        status=status,
        summary=f"observed {threshold.observed}{doubt}",
        evidence=LoadSummary.FILE.format(profile),
        reproduce=None if status is Status.PASS else load.reproduce,
    )
