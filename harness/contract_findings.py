"""The records of what the contract suite found: one finding for each cause, with what shows it again."""

from harness.results import Document, Record

HAR = "contract/findings.har"
"""The calls of all findings; `har_entries` are positions in it."""


class Step(Record, frozen=True):
    """A request as it was sent. Credentials are left out: `identity` says whose they were.

    `body` is text; bytes that are no UTF-8 stand in `body_base64` instead.
    """

    method: str
    path: str
    headers: dict[str, str]
    identity: str | None = None
    body: str | None = None
    body_base64: str | None = None


class Shrinking(Record, frozen=True):
    """How a smaller example was looked for: smaller requests `tried`, and how many of them were `taken`.

    `bound` is what ended the search (`requests`, `time`, `forms`); None where nothing smaller shows the same.
    """

    tried: int
    taken: int
    bound: str | None

    def __str__(self) -> str:
        end = f"then its bound of {self.bound} ended it" if self.bound else "nothing smaller shows it"
        return f"made smaller {self.taken} times in {self.tried} tries, {end}"


class ContractFinding(Record, frozen=True):
    """One broken promise: the same operation, check and normalised message, however often it was seen.

    `code` is the fault's in the Web Fuzzing Commons' catalogue 0.7 (F900 and above: ours, which it has no word for).
    `steps` is the smallest sequence that shows it on a freshly seeded target, `reproduced` whether it did so again,
    after the run; None where that could not be tried: the target is not ours to seed, or cannot be asked any more.
    `shrinking` tells how small they are (None: as they were sent). `accepted` is the waiver that covers it.
    """

    id: str
    code: str
    fault: str
    operation: str
    check: str
    message: str
    phase: str
    seen: int
    seed: int
    steps: tuple[Step, ...]
    curl: tuple[str, ...]
    har_entries: tuple[int, ...]
    reproduce: str
    reproduced: bool | None
    shrinking: Shrinking | None = None
    accepted: str | None = None

    @property
    def name(self) -> str:
        """What a waiver matches."""
        return f"{self.code} {self.operation} {self.check}: {self.message}"


class LawReach(Record, frozen=True):
    """A promise that takes several calls to break: the operations that offer it, and those that it was tried on.

    `blind`: those where it was tried and nobody could have seen a breach. `refused`: those where it could not be tried,
    each with why: an identity cannot log in any more, or the target cannot be started again.
    """

    law: str
    offered: tuple[str, ...]
    tried: tuple[str, ...]
    blind: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


class ContractFindings(Document, frozen=True):
    """`contract/findings.json`.

    `isolation` says in words how operations were kept apart, `restores` how often the target was given its seed again
    and `clones` how often its database had to be cloned for that; `deaths` which request the target did not survive.
    """

    FILE = "contract/findings.json"
    seed: int
    isolation: str
    restores: int
    clones: int
    laws: tuple[LawReach, ...] = ()
    deaths: tuple[str, ...] = ()
    findings: tuple[ContractFinding, ...] = ()
