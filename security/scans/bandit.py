"""Bandit: unsafe patterns in Python sources (https://bandit.readthedocs.io)."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar
from urllib.parse import unquote

import msgspec

from harness.command_line import python_command
from security.evidence import CheckIncomplete, Issue, Outcome, Severity
from security.processes import Ended, Workshop
from security.scans.interface import Scanner


class _Sarif(msgspec.Struct, frozen=True, rename="camel"):
    """A part of Bandit's SARIF that we read; what is missing is an error, what is unknown is not."""


class _Text(_Sarif, frozen=True):
    text: str


class _Artifact(_Sarif, frozen=True):
    uri: str


class _Region(_Sarif, frozen=True):
    start_line: int
    snippet: _Text | None = None


class _Physical(_Sarif, frozen=True):
    artifact_location: _Artifact
    region: _Region | None = None


class _Location(_Sarif, frozen=True):
    physical_location: _Physical


class _Properties(_Sarif, frozen=True, rename=None):
    issue_severity: str


class _Result(_Sarif, frozen=True):
    rule_id: str
    message: _Text
    locations: tuple[_Location, ...]
    properties: _Properties


class _Notification(_Sarif, frozen=True):
    message: _Text
    locations: tuple[_Location, ...]


class _Invocation(_Sarif, frozen=True):
    tool_configuration_notifications: tuple[_Notification, ...] = ()


class _Measured(_Sarif, frozen=True):
    metrics: dict[str, dict[str, int]]


class _Run(_Sarif, frozen=True):
    results: tuple[_Result, ...]
    invocations: tuple[_Invocation, ...]
    properties: _Measured

    @property
    def skipped(self) -> dict[str, str]:
        """The files that Bandit gave up on, with its reason."""
        return {
            _path(location): notification.message.text
            for invocation in self.invocations
            for notification in invocation.tool_configuration_notifications
            for location in notification.locations
        }

    @property
    def scanned(self) -> set[str]:
        """The files that it read to their end; paths relative to the target's folder."""
        files = {os.path.normpath(name) for name in self.properties.metrics if name != "_totals"}
        return files - self.skipped.keys()


class _Log(_Sarif, frozen=True):
    runs: tuple[_Run, ...]


class Bandit(Scanner):
    """Bandit over the target's `[security].sources`, with its own SARIF."""

    name: ClassVar[str] = "bandit"

    def scan(self, workshop: Workshop) -> Outcome:
        """Scan all sources in one process that runs in the target's folder."""
        if not self._sources:
            raise CheckIncomplete("target.toml names no [security].sources")
        report = workshop.new_folder() / "bandit.sarif"
        ended = workshop.run(self._command(report), cwd=self._folder, timeout_s=self.policy.bandit.timeout_s)
        return self._outcome(_read(report, ended), report)

    @property
    def _folder(self) -> Path:
        return self.target.file.parent

    @property
    def _sources(self) -> list[str]:
        """The sources, relative to the target's folder, so that Bandit reports locations relative to it."""
        return [
            os.path.relpath(self.target.resolve(source), self._folder)
            for source in self.target.settings.security.sources
        ]

    def _command(self, report: Path) -> tuple[str, ...]:
        asked = (sys.executable, "-m", "bandit", "--quiet", "--recursive", *self._sources)
        shown = ("--format", "sarif", "--output", str(report))
        # Waivers are the only way to accept a finding: neither `# nosec` nor a .bandit file counts.
        strict = ("--ignore-nosec", "--ini", os.devnull, "--exclude", ",".join(self.policy.bandit.exclude))
        return (*asked, *shown, *strict)

    def _outcome(self, run: _Run, report: Path) -> Outcome:
        return Outcome(
            version=self.version,
            covered=len(run.scanned),
            issues=tuple(self._issue(result) for result in run.results),
            incomplete=_gaps(run, self._sources),
            sarif=msgspec.json.decode(report.read_bytes()),
        )

    def _issue(self, result: _Result) -> Issue:
        location = result.locations[0]
        region = location.physical_location.region
        snippet = region.snippet.text if region and region.snippet else ""
        path = _path(location)
        file = os.path.relpath(self._folder / path)
        return Issue(
            rule=result.rule_id,
            severity=_severity(result.properties.issue_severity),
            place=path,
            line=region.start_line if region else None,
            message=result.message.text,
            subject=" ".join(snippet.split()),
            reproduce=python_command("-m", "bandit", "--quiet", "--ignore-nosec", "-t", result.rule_id, file),
        )


def _read(report: Path, ended: Ended) -> _Run:
    try:
        return msgspec.json.decode(report.read_bytes(), type=_Log).runs[0]
    except (OSError, IndexError, msgspec.MsgspecError) as error:
        said = ended.last_line or str(error)
        raise CheckIncomplete(f"ended with {ended.exit_code} and no report: {said}") from error


def _gaps(run: _Run, sources: Iterable[str]) -> str | None:
    """Return what was not scanned, in one line: files that could not be parsed, sources without a Python file."""
    gaps = [f"{path}: {reason}" for path, reason in sorted(run.skipped.items())]
    seen = run.scanned | run.skipped.keys()
    gaps += [f"{source}: no Python file found" for source in sources if not _holds_any(source, seen)]
    return "; ".join(gaps) or None


def _holds_any(source: str, files: Iterable[str]) -> bool:
    folder = Path(os.path.abspath(source))  # noqa: PTH100 - only compared: must not follow links
    return any(Path(os.path.abspath(file)).is_relative_to(folder) for file in files)  # noqa: PTH100 - as above


def _path(location: _Location) -> str:
    return os.path.normpath(unquote(location.physical_location.artifact_location.uri))


def _severity(word: str) -> Severity:
    """Return our word for Bandit's; one that says UNDEFINED must not slip under a threshold."""
    known = {"LOW": Severity.LOW, "MEDIUM": Severity.MEDIUM, "HIGH": Severity.HIGH}
    return known.get(word, Severity.HIGH)
