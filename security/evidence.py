"""What scans and probes hand over: issues, and how much their silence is worth."""

import enum
import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from harness.errors import Inconclusive

SarifLog = dict[str, Any]


class Severity(enum.StrEnum):
    """How bad an issue is, in ascending order."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    def reaches(self, threshold: "Severity") -> bool:
        """Whether this severity is the threshold or worse."""
        order = tuple(Severity)
        return order.index(self) >= order.index(threshold)


class CheckIncomplete(Inconclusive):
    """A scan or probe could not do its work: its silence proves nothing. The message is the reason, one line."""


class Issue(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a scan or probe found.

    `place` is a path relative to the target's folder, or a request such as `GET /readyz`. `subject` is what
    stays the same when lines move: the code itself, the package, the header.
    """

    rule: str
    severity: Severity
    place: str
    line: int | None = None
    message: str
    subject: str
    reproduce: str

    @property
    def location(self) -> str:
        """The place, with its line where there is one."""
        return self.place if self.line is None else f"{self.place}:{self.line}"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one scan or probe saw.

    `covered` counts what it looked at (files, packages, responses, operations); `version` is the tool's.
    `incomplete` says why its silence proves nothing; None when it covered all it should. `notes` are remarks that
    decide nothing. `sarif` is the tool's own log, its results in the order of `issues`; None when it writes none.
    """

    covered: int
    version: str = "built in"
    issues: tuple[Issue, ...] = ()
    incomplete: str | None = None
    notes: tuple[str, ...] = ()
    sarif: SarifLog | None = None


def fingerprints(tool: str, issues: Sequence[Issue]) -> list[str]:
    """Return one stable name per issue, in order: 16 hexadecimal digits that do not depend on line numbers.

    Equal lines of one file are told apart by their order in it.
    """
    seen: Counter[tuple[str, str, str]] = Counter()
    names = []
    for issue in issues:
        identity = (issue.rule, issue.place, issue.subject)
        names.append(_digest(tool, *identity, str(seen[identity])))
        seen[identity] += 1
    return names


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
