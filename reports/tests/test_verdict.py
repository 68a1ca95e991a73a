"""The verdict is the worst of the gates that decide; waivers accept, and run out."""

import datetime as dt
import itertools
from pathlib import Path

import pytest

from harness.results import Gate, Status
from harness.waivers import Waiver
from reports.acceptance import accept, read_waived
from reports.verdict import counts, judge, not_passed

TODAY = dt.date(2026, 3, 1)
TARGET = 'name = "shop"\nbase_url = "http://127.0.0.1:1"\nwaivers = "waivers.toml"\n'
WAIVER = '[[gate]]\nmatch = "load/*"\nreason = "slow disk"\nowner = "ana"\nexpires = 2026-03-01\n'


def gate(status: Status, name: str = "load/smoke/measured", accepted: str | None = None) -> Gate:
    """Return a gate."""
    return Gate(name=name, kind="load", status=status, summary="s", accepted=accepted)


def waiver(expires: dt.date) -> Waiver:
    """Return a waiver on the gates of load."""
    return Waiver(match="load/*", reason="slow disk", owner="ana", expires=expires)


@pytest.mark.parametrize("statuses", list(itertools.product(Status, repeat=2)))
def test_worst_decides(statuses: tuple[Status, Status]) -> None:
    """Fail beats inconclusive, inconclusive beats pass."""
    order = [Status.PASS, Status.INCONCLUSIVE, Status.FAIL]
    assert max(statuses, key=order.index) is judge(tuple(gate(status) for status in statuses)).status


@pytest.mark.parametrize("gates", [(), (gate(Status.FAIL, accepted="offline"),)])
def test_nothing_decides(gates: tuple[Gate, ...]) -> None:
    """Where no gate decides, nothing was shown."""
    assert Status.INCONCLUSIVE is judge(gates).status


@pytest.mark.parametrize("status", [Status.FAIL, Status.INCONCLUSIVE])
def test_waiver(status: Status) -> None:
    """A waiver accepts until the end of its last day; the reason stays visible."""
    accepted = accept((gate(status),), (waiver(TODAY),), TODAY)[0]
    assert (status, "slow disk (ana, until 2026-03-01)") == (accepted.status, accepted.accepted)


def test_expired_waiver() -> None:
    """A waiver that has run out accepts nothing and is named."""
    refused = accept((gate(Status.FAIL),), (waiver(TODAY - dt.timedelta(days=1)),), TODAY)[0]
    assert (refused.accepted, refused.summary) == (None, "s; a waiver has expired: slow disk (ana, until 2026-02-28)")


@pytest.mark.parametrize(
    "untouched", [gate(Status.PASS), gate(Status.FAIL, "suite/unit"), gate(Status.FAIL, accepted="offline")]
)
def test_waiver_elsewhere(untouched: Gate) -> None:
    """A waiver leaves gates that pass, that it does not match, or that are accepted already."""
    assert (untouched,) == accept((untouched,), (waiver(TODAY),), TODAY)


def test_read_waivers(tmp_path: Path) -> None:
    """The waivers of a target are those of the file that it names."""
    (tmp_path / "target.toml").write_text(TARGET)
    (tmp_path / "waivers.toml").write_text(WAIVER)
    waived = read_waived(tmp_path / "target.toml")
    assert ("shop", (waiver(TODAY),), ()) == (waived.target, waived.waivers, waived.notes)


@pytest.mark.parametrize(
    ("target", "waivers", "said"),
    [
        (None, "", "no such file"),
        ("name = 3", "", "target.toml: name: expected `str`"),
        (TARGET, WAIVER.replace("ana", ""), "waivers.toml: gate[0].owner"),
        (TARGET, "[[gate]", "is not TOML"),
    ],
)
def test_unreadable_waivers(tmp_path: Path, target: str | None, waivers: str, said: str) -> None:
    """Where the target or its waivers cannot be read none apply, and a note says why."""
    if target is not None:
        (tmp_path / "target.toml").write_text(target)
        (tmp_path / "waivers.toml").write_text(waivers)
    waived = read_waived(tmp_path / "target.toml")
    assert (waived.waivers, len(waived.notes), said in waived.notes[0]) == ((), 1, True)


def test_order() -> None:
    """What stands in the way comes worst first, what is accepted last."""
    gates = [gate(Status.FAIL, accepted="x"), gate(Status.PASS), gate(Status.INCONCLUSIVE), gate(Status.FAIL)]
    shown = [(entry.status, entry.accepted) for entry in not_passed(gates)]
    assert shown == [(Status.FAIL, None), (Status.INCONCLUSIVE, None), (Status.FAIL, "x")]
    assert counts(judge(tuple(gates))) == "1 failed, 1 inconclusive, 1 accepted, 1 passed"
