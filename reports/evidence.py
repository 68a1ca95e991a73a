"""Everything that a run left under results/, read once. What cannot be read is named, never dropped."""

import datetime as dt
import functools
from collections.abc import Callable
from pathlib import Path
from typing import TypeGuard, TypeVar

import msgspec

from harness.contract_findings import ContractFindings
from harness.contract_records import ContractCoverage, DocumentCheck
from harness.errors import UnreadableEvidence
from harness.load_records import LoadSummary
from harness.results import Document, Findings, Part, Results, Run, TargetCheck
from reports.junit import Suite, read_junit

D = TypeVar("D", bound=Document)
T = TypeVar("T")

_PLACES = {
    "target": (TargetCheck.FILE,),
    "contract": ("junit/contract.xml", ContractCoverage.FILE, ContractFindings.FILE, DocumentCheck.FILE),
    "load": (LoadSummary.FILE.format("*"),),
    "security": (Findings.FILE,),
}


class Unreadable(msgspec.Struct, frozen=True):
    """Evidence that is there, or should be, and cannot be read."""

    file: str
    problem: str


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What gates are computed from.

    `lacking` holds, for each part that the run asked for, the files that it should have left since the run
    began and did not. `ci` and `offline` are what the environment or the run record says.
    """

    run: Run | Unreadable | None = None
    target: TargetCheck | Unreadable | None = None
    suites: dict[str, Suite | Unreadable] = {}
    contract: ContractCoverage | Unreadable | None = None
    findings: ContractFindings | Unreadable | None = None
    document: DocumentCheck | Unreadable | None = None
    loads: dict[str, LoadSummary | Unreadable] = {}
    security: Findings | Unreadable | None = None
    lacking: dict[str, tuple[str, ...]] = {}
    ci: bool = False
    offline: bool = False

    @property
    def record(self) -> Run | None:
        """The run record, where it can be read."""
        return self.run if isinstance(self.run, Run) else None

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts that the run asked for; none where they were run alone."""
        return self.record.parts if self.record else ()

    def command_of(self, part: str) -> str | None:
        """Return the command line with which the run made this part."""
        return next((entry.command for entry in self.parts if entry.name == part), None)


def is_readable(evidence: T | Unreadable | None) -> TypeGuard[T]:
    """Whether this evidence is there and could be read."""
    return evidence is not None and not isinstance(evidence, Unreadable)


def file_inside(folder: Path, place: str | None) -> Path | None:
    """Return the file at a place that evidence names; None if it is not there, or not inside the folder."""
    if not place or Path(place).is_absolute() or ".." in Path(place).parts:
        return None
    file = folder / place
    try:
        return file if file.is_file() else None
    except OSError:  # a name that no file can have
        return None


def read_evidence(results: Results, *, ci: bool, offline: bool) -> Evidence:
    """Read all evidence; `offline` is overruled by what the run record says."""
    run = _read_run(results)
    return Evidence(
        run=run,
        target=_read(results, TargetCheck),
        suites={
            file.stem: _attempt(results, file, functools.partial(read_junit, file))
            for file in sorted((results.folder / "junit").glob("*.xml"))
        },
        contract=_read(results, ContractCoverage),
        findings=_read(results, ContractFindings),
        document=_read(results, DocumentCheck),
        loads={
            file.parent.name: _attempt(results, file, functools.partial(results.read, LoadSummary, file.parent.name))
            for file in sorted(results.folder.glob(LoadSummary.FILE.format("*")))
        },
        security=_read(results, Findings),
        lacking=_lacking(results, run) if isinstance(run, Run) else {},
        ci=ci,
        offline=run.offline if isinstance(run, Run) else offline,
    )


def _read(results: Results, kind: type[D]) -> D | Unreadable | None:
    file = results.path(kind)
    return _attempt(results, file, lambda: results.read(kind)) if file.exists() else None


def _read_run(results: Results) -> Run | Unreadable | None:
    run = _read(results, Run)
    if isinstance(run, Run):
        try:
            dt.datetime.fromisoformat(run.started)
        except ValueError:
            return Unreadable(Run.FILE, f"{Run.FILE}: started: {run.started!r} is not a time in ISO 8601")
    return run


def _attempt(results: Results, file: Path, read: Callable[[], T]) -> T | Unreadable:
    try:
        return read()
    except UnreadableEvidence as error:
        return Unreadable(results.relative(file), str(error))


def _lacking(results: Results, run: Run) -> dict[str, tuple[str, ...]]:
    """Return what each part should have left; a file from before the run began was left by an earlier one."""
    began = dt.datetime.fromisoformat(run.started).timestamp()
    return {
        part.name: tuple(
            place
            for place in _PLACES.get(part.name, (f"junit/{part.name}.xml",))
            if not any(file.stat().st_mtime >= began for file in results.folder.glob(place))
        )
        for part in run.parts
    }
