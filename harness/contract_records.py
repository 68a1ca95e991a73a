"""The evidence of the contract suite: what of the document was reached, and what became of the document itself."""

import msgspec

from harness.results import Document, Failure, Record

DIMENSIONS = ("operations", "statuses", "parameters", "properties", "enums", "examples")


class OperationReach(Record, frozen=True):
    """What the contract suite reached of one operation: cases sent, statuses seen, documented ones not seen."""

    operation: str
    cases: int
    statuses: tuple[int, ...]
    unseen: tuple[str, ...]


class DimensionReach(Record, frozen=True):
    """How many things of one kind the document has, and how many of them were reached.

    `operations` that answered; `statuses` that are documented; `parameters` (bodies too) absent, valid, invalid and at
    each of their boundaries; `properties` of JSON bodies present, absent and at each of their boundaries; values of
    `enums`; `examples`, as they stand.
    """

    name: str
    reached: int
    total: int

    @property
    def percent(self) -> float | None:
        """How much was reached; None where there is nothing to reach."""
        return 100 * self.reached / self.total if self.total else None


class Unreached(Record, frozen=True):
    """One thing of the document that no request reached, and a sentence that says what would."""

    dimension: str
    operation: str
    what: str
    how: str


class ContractCoverage(Document, frozen=True):
    """`contract/coverage.json`: what was reached, and each failed check with the line that shows it again.

    `fail_under`: how many percent of a dimension the target wants reached; `dimensions` is empty where nothing was
    measured. `switched_off`: what the target's configuration of Schemathesis left out, such as a check at an operation.
    """

    FILE = "contract/coverage.json"
    seed: int
    identity: str | None
    operations: tuple[OperationReach, ...]
    failures: tuple[Failure, ...] = ()
    dimensions: tuple[DimensionReach, ...] = ()
    unreached: tuple[Unreached, ...] = ()
    fail_under: dict[str, float] = msgspec.field(default_factory=dict)
    switched_off: tuple[str, ...] = ()


class DocumentCheck(Document, frozen=True):
    """`contract/document.json`: whether the OpenAPI document is valid, as committed, and keeps what it promised.

    `snapshot` and `base`: what the document was compared with, or why with nothing. `breaking`: changes since the base
    that break clients; `allowed`: whether the version says so (a greater major number).
    """

    FILE = "contract/document.json"
    title: str
    version: str
    invalid: tuple[str, ...]
    snapshot: str
    differences: tuple[str, ...]
    base: str
    breaking: tuple[str, ...]
    allowed: bool

    @property
    def problems(self) -> tuple[str, ...]:
        """Everything that makes it fail."""
        return (*self.invalid, *self.differences, *(() if self.allowed else self.breaking))
