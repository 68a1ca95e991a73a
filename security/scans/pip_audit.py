"""pip-audit: known vulnerabilities of pinned dependencies (https://github.com/pypa/pip-audit).

It is built to be lenient: a package that the advisory service does not know is "skipped", an advisory that it
does not understand is a warning, and both end with exit code 0. Here each is a gap, named. Before anything is
believed, the service must recognise a package that is known to be vulnerable (the policy's `canary`).
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import msgspec
from packaging.utils import canonicalize_name

from harness.command_line import python_command
from security.evidence import CheckIncomplete, Issue, Outcome, Severity
from security.processes import Ended, Workshop
from security.scans.interface import Scanner
from security.scans.requirement_files import Entry, read_requirements

_UNREADABLE_ADVISORY = "WARNING:pip_audit._service"


class Vulnerability(msgspec.Struct, frozen=True):
    """An advisory as pip-audit reports it."""

    id: str
    fix_versions: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    description: str = ""


class Dependency(msgspec.Struct, frozen=True):
    """A package as pip-audit reports it: audited (it has a version) or skipped (it has a reason)."""

    name: str
    version: str | None = None
    vulns: tuple[Vulnerability, ...] = ()
    skip_reason: str | None = None


class Report(msgspec.Struct, frozen=True):
    """What pip-audit writes with `--format json`."""

    dependencies: tuple[Dependency, ...]


class Audit(msgspec.Struct, frozen=True):
    """What one requirements file gave."""

    issues: tuple[Issue, ...]
    covered: int
    gaps: tuple[str, ...]
    notes: tuple[str, ...]


class PipAudit(Scanner):
    """pip-audit over the target's `[security].requirements`, one process per file."""

    name: ClassVar[str] = "pip-audit"
    needs_network: ClassVar[bool] = True

    def scan(self, workshop: Workshop) -> Outcome:
        """Ask the canary first, then audit every file."""
        files = self.target.settings.security.requirements
        if not files:
            raise CheckIncomplete("target.toml names no [security].requirements")
        self._ask_canary(workshop)
        audits = [self._audit(workshop, file) for file in files]
        gaps = [gap for audit in audits for gap in audit.gaps]
        return Outcome(
            version=self.version,
            covered=sum(audit.covered for audit in audits),
            issues=tuple(issue for audit in audits for issue in audit.issues),
            incomplete="; ".join(gaps) or None,
            notes=tuple(note for audit in audits for note in audit.notes),
        )

    def _ask_canary(self, workshop: Workshop) -> None:
        """Prove that the advisory service has advisories.

        Raises:
            CheckIncomplete: it cannot be reached, or knows nothing of the canary.

        """
        canary = self.policy.pip_audit.canary
        file = workshop.new_folder() / "canary.txt"
        file.write_text(canary + "\n", encoding="utf-8")
        report, _ = self._run(workshop, file, "--no-deps", "--disable-pip")
        if not any(dependency.vulns for dependency in report.dependencies):
            why = next((entry.skip_reason for entry in report.dependencies if entry.skip_reason), "no advisory")
            raise CheckIncomplete(f"advisories could not be had: of {canary}, known to be vulnerable, it says: {why}")

    def _audit(self, workshop: Workshop, place: str) -> Audit:
        file = self.target.resolve(place)
        entries = read_requirements(file)
        report, ended = self._run(workshop, file, *_way(entries))
        command = python_command("-m", "pip_audit", *_way(entries), *self._service, "-r", os.path.relpath(file))
        shown = os.path.relpath(file, self.target.file.parent)
        return judge_report(report, entries, ended.output, shown, command)

    @property
    def _service(self) -> tuple[str, ...]:
        wanted = self.policy.pip_audit
        where = ("--osv-url", wanted.osv_url) if wanted.osv_url is not None else ()
        return ("--vulnerability-service", wanted.vulnerability_service, *where)

    def _run(self, workshop: Workshop, file: Path, *way: str) -> tuple[Report, Ended]:
        """Run pip-audit on one file; advisories are asked for anew each time, never taken from a cache."""
        folder, limits = workshop.new_folder(), self.policy.pip_audit
        output = folder / "report.json"
        asked = (sys.executable, "-m", "pip_audit", *way, *self._service, "--requirement", str(file))
        shown = ("--format", "json", "--output", str(output), "--progress-spinner", "off")
        limit = ("--timeout", str(limits.request_timeout_s), "--cache-dir", str(folder / "cache"))
        ended = workshop.run((*asked, *shown, *limit), cwd=folder, timeout_s=limits.timeout_s)
        try:
            return msgspec.json.decode(output.read_bytes(), type=Report), ended
        except (OSError, msgspec.MsgspecError) as error:
            said = ended.last_line or str(error)
            raise CheckIncomplete(f"ended with {ended.exit_code} and no report: {said}") from error


def judge_report(report: Report, entries: Sequence[Entry], output: str, file: str, command: str) -> Audit:
    """Compare what pip-audit says with what the file asks for; whatever was not audited is a gap.

    `output` is what it printed, `file` the requirements file relative to the target's folder, `command` the line
    that runs it again.
    """
    found = {canonicalize_name(one.name): one for one in report.dependencies}
    skipped = {name: one.skip_reason for name, one in found.items() if one.skip_reason is not None}
    audited = {name: one for name, one in found.items() if name not in skipped}
    missing = {entry.name for entry in entries if entry.applies} - found.keys()
    gaps = [f"{file}: {name}: {reason}" for name, reason in sorted(skipped.items())]
    gaps += [f"{file}: {name}: not audited" for name in sorted(missing)]
    gaps += [line for line in output.splitlines() if line.startswith(_UNREADABLE_ADVISORY)]
    gaps += [] if entries else [f"{file}: no package in it"]
    elsewhere = [entry for entry in entries if not entry.applies]
    lines = {entry.name: entry.line for entry in entries if entry.applies}
    return Audit(
        issues=tuple(
            _issue(one, vulnerability, file, lines.get(name), command)
            for name, one in audited.items()
            for vulnerability in one.vulns
        ),
        covered=len(audited),
        gaps=tuple(gaps),
        notes=tuple(f"{file}:{entry.line}: for other machines only: {entry.text}" for entry in elsewhere),
    )


def _way(entries: Sequence[Entry]) -> tuple[str, ...]:
    """Return the options by which pip-audit learns the packages: from the file alone when that is complete.

    A file that is hashed throughout names every package; of any other only pip knows what it would install.
    """
    complete = all(entry.hashed and entry.pinned for entry in entries)
    return ("--require-hashes", "--disable-pip") if complete else ()


def _issue(found: Dependency, vulnerability: Vulnerability, file: str, line: int | None, command: str) -> Issue:
    names = ", ".join(sorted(vulnerability.aliases))
    fixed = f"fixed in {', '.join(vulnerability.fix_versions)}" if vulnerability.fix_versions else "no fixed version"
    return Issue(
        rule=vulnerability.id,
        severity=Severity.HIGH,
        place=file,
        line=line,
        message=f"{found.name} {found.version}{f' ({names})' if names else ''}: {vulnerability.description} [{fixed}]",
        subject=canonicalize_name(found.name),
        reproduce=command,
    )
