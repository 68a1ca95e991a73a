"""The frozen records of evidence and gates, and the only reader and writer of `results/`.

Every JSON document carries `schema`; a document that is missing, torn, or of another version raises
`UnreadableEvidence`, which the report shows as an inconclusive gate.
"""

import enum
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar, TypeVar

import msgspec

from harness.errors import (
    EXIT_FAIL,
    EXIT_INCONCLUSIVE,
    EXIT_PASS,
    ResultsUnwritable,
    UnreadableEvidence,
)

SCHEMA = 1


class Status(enum.StrEnum):
    """What a gate says; the order of `_SEVERITY` decides which of several is the worst."""

    PASS = "pass"  # noqa: S105 - a status, not a password
    INCONCLUSIVE = "inconclusive"
    FAIL = "fail"

    @property
    def exit_code(self) -> int:
        """The process exit code that says the same."""
        return _EXIT_CODES[self]

    @classmethod
    def worst(cls, statuses: Iterable["Status"]) -> "Status":
        """Return the worst of some statuses; of none at all: inconclusive, since nothing was shown."""
        return max(statuses, key=_SEVERITY.index, default=cls.INCONCLUSIVE)


_SEVERITY = (Status.PASS, Status.INCONCLUSIVE, Status.FAIL)
_EXIT_CODES = {
    Status.PASS: EXIT_PASS,
    Status.FAIL: EXIT_FAIL,
    Status.INCONCLUSIVE: EXIT_INCONCLUSIVE,
}


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value inside a document of `results/`."""


class Document(Record, frozen=True, kw_only=True):
    """A whole JSON file of `results/`; `FILE` is its path there, with `{}` for what varies."""

    FILE: ClassVar[str]
    schema: int = SCHEMA


# --- the run -------------------------------------------------------------------------------------------------


class ServiceRecord(Record, frozen=True):
    """A service as it ran: name, version as the server says it, provider, and where it came from."""

    name: str
    version: str
    provider: str
    origin: str


class Machine(Record, frozen=True):
    """The machine's fingerprint: results are compared only between equal ones."""

    system: str
    processor: str
    cores: int
    memory_mb: int
    python: str


class Part(Record, frozen=True):
    """One part of a run: the command, and how its process ended (None: it did not)."""

    name: str
    command: str
    exit_code: int | None
    seconds: float


class Run(Document, frozen=True):
    """`run.json`: what was run, on what, with what. Times are UTC, ISO 8601."""

    FILE = "run.json"
    id: str
    target: str
    commit: str | None
    seed: int
    offline: bool
    services: tuple[ServiceRecord, ...]
    machine: Machine
    started: str
    finished: str | None
    parts: tuple[Part, ...]


class TargetCheck(Document, frozen=True):
    """`target.json`: the target could be started, with these services, and these identities could log in."""

    FILE = "target.json"
    target: str
    services: tuple[ServiceRecord, ...]
    identities: tuple[str, ...]
    ready_s: float


# --- gates ---------------------------------------------------------------------------------------------------


class Failure(Record, frozen=True):
    """One thing that a gate found, and the command line that shows it again."""

    what: str
    reproduce: str | None = None


class Gate(Record, frozen=True):
    """One named rule over evidence, with a status.

    `accepted` says why a gate that is not `pass` does not decide the verdict: a waiver, or `offline`.
    """

    name: str
    kind: str
    status: Status
    summary: str
    evidence: str | None = None
    reproduce: str | None = None
    failures: tuple[Failure, ...] = ()
    accepted: str | None = None


class Verdict(Document, frozen=True):
    """`verdict.json`: all gates of a run, and the worst status of those that decide.

    `notes` say what the reader must know beside the gates, such as waivers that could not be read.
    """

    FILE = "verdict.json"
    run_id: str
    target: str
    status: Status
    gates: tuple[Gate, ...]
    notes: tuple[str, ...] = ()


# --- security ------------------------------------------------------------------------------------------------


class Finding(Record, frozen=True):
    """One security finding. `accepted` is the waiver that covers it, with its expiry date."""

    tool: str
    rule: str
    severity: str
    location: str
    message: str
    fingerprint: str
    reproduce: str
    accepted: str | None = None


class Scan(Record, frozen=True):
    """One scanner's run. `incomplete` says why its silence proves nothing; None when it covered all it should.

    `fail_on` is its own threshold, where the policy gives it another than the whole document's.
    """

    tool: str
    version: str
    covered: int
    incomplete: str | None
    needs_network: bool
    sarif: str
    reproduce: str
    fail_on: str | None = None


class Findings(Document, frozen=True):
    """`security/findings.json`."""

    FILE = "security/findings.json"
    fail_on: str
    scans: tuple[Scan, ...]
    findings: tuple[Finding, ...]


# --- reading and writing -------------------------------------------------------------------------------------

D = TypeVar("D", bound=Document)


class Results:
    """The folder `results/`: writes documents atomically, reads them with their schema checked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()

    def prepare(self) -> "Results":
        """Create the folder and prove that it can be written.

        Raises:
            ResultsUnwritable: it cannot.

        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.folder):
                return self
        except OSError as error:
            raise ResultsUnwritable(
                f"--results {self.folder}: cannot be written ({error.strerror}); name a folder that can"
            ) from error

    def path(self, kind: type[Document], name: str = "") -> Path:
        """Return where a document of this kind lives."""
        return self.folder / kind.FILE.format(name)

    def relative(self, path: Path) -> str:
        """Return a path as it is written into documents: relative to the folder where that is possible."""
        return str(path.relative_to(self.folder)) if path.is_relative_to(self.folder) else str(path)

    def write(self, document: Document, name: str = "") -> Path:
        """Write a document; a reader sees the old one or the new one, never a torn one."""
        body = msgspec.json.format(msgspec.json.encode(document), indent=2)
        return self.write_text(type(document).FILE.format(name), body.decode() + "\n")

    def write_text(self, relative: str, text: str) -> Path:
        """Write any text file of `results/` atomically."""
        path = self.folder / relative
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _replace(path, text)
        except OSError as error:
            raise ResultsUnwritable(f"{path}: cannot be written ({error.strerror})") from error
        return path

    def read(self, kind: type[D], name: str = "") -> D:
        """Read a document.

        Raises:
            UnreadableEvidence: it is missing, torn, or of another schema version.

        """
        path = self.path(kind, name)
        try:
            document = msgspec.json.decode(path.read_bytes(), type=kind)
        except FileNotFoundError as error:
            raise UnreadableEvidence(f"{self.relative(path)}: missing") from error
        except (OSError, msgspec.MsgspecError) as error:
            raise UnreadableEvidence(f"{self.relative(path)}: unreadable: {error}") from error
        if document.schema != SCHEMA:
            raise UnreadableEvidence(f"{self.relative(path)}: schema {document.schema}, this version reads {SCHEMA}")
        return document


def _replace(path: Path, text: str) -> None:
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink()
            raise
