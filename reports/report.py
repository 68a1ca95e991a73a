"""The report: evidence in, verdict and pages out. Reads and writes the results folder only."""

import datetime as dt
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from harness.errors import ResultsUnwritable
from harness.results import Results, Verdict
from reports.acceptance import accept, read_waived
from reports.allure.generate import allure_gate
from reports.evidence import read_evidence
from reports.exclusive import exclusive
from reports.gates import all_gates
from reports.markdown import verdict_markdown
from reports.site.links import SITE
from reports.site.page import render_page
from reports.verdict import judge

VERDICT_TEXT = "verdict.md"
_BEING_MADE = "site-new-"
_REPLACED = "site-old-"
_GATES = "allure-gates-"


def make_report(results: Results, target_file: Path, *, ci: bool, offline: bool, say: Callable[[str], None]) -> Verdict:
    """Make the verdict and the site anew, replacing what an earlier report left.

    Old verdict files go first: if this report is killed, nobody takes an earlier verdict for this run's.

    Raises:
        ResultsUnwritable: the results folder cannot be written.

    """
    try:
        with exclusive(results.folder):
            return _make(results, target_file, ci=ci, offline=offline, say=say)
    except OSError as error:
        raise ResultsUnwritable(f"--results {results.folder}: the report cannot be written ({error})") from error


def _make(results: Results, target_file: Path, *, ci: bool, offline: bool, say: Callable[[str], None]) -> Verdict:
    _clear(results.folder)
    evidence = read_evidence(results, ci=ci, offline=offline)
    waived = read_waived(target_file)
    now = dt.datetime.now(tz=dt.UTC)
    gates = accept(all_gates(evidence), waived.waivers, now.date())
    with tempfile.TemporaryDirectory(dir=results.folder, prefix=_BEING_MADE) as folder:
        site = Path(folder, SITE)
        site.mkdir()
        shown = allure_gate(gates, evidence, results.folder, site, say=say)
        gates += accept((shown,), waived.waivers, now.date())
        verdict = judge(gates, run=evidence.record, target=waived.target, notes=waived.notes)
        page = render_page(verdict, evidence, results.folder, site, now)
        (site / "index.html").write_text(page, encoding="utf-8")
        _swap(site, results.folder / SITE)
    results.write_text(VERDICT_TEXT, verdict_markdown(verdict))
    results.write(verdict)
    return verdict


def _clear(folder: Path) -> None:
    """Remove the old verdict, and what reports left that were killed."""
    for name in (Verdict.FILE, VERDICT_TEXT):
        (folder / name).unlink(missing_ok=True)
    for prefix in (_BEING_MADE, _REPLACED, _GATES):
        for leftover in folder.glob(f"{prefix}*"):
            shutil.rmtree(leftover)


def _swap(new: Path, place: Path) -> None:
    """Put a folder in another's place; for an instant there is none, never a mixture."""
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=_REPLACED) as trash:
        if place.exists():
            place.rename(Path(trash, SITE))
        new.rename(place)
