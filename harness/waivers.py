"""Waivers: what a team accepts for now, with a reason, an owner and a day on which it comes back."""

import datetime as dt
import fnmatch
from pathlib import Path

import msgspec

from harness.errors import TargetFileError
from harness.toml_files import read_toml


class Waiver(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Accepts what matches a shell pattern, until the end of the day `expires`."""

    match: str
    reason: str
    owner: str
    expires: dt.date

    def covers(self, name: str, today: dt.date) -> bool:
        """Whether this waiver accepts something of that name today."""
        return today <= self.expires and fnmatch.fnmatchcase(name, self.match)

    def __str__(self) -> str:
        return f"{self.reason} ({self.owner}, until {self.expires})"


class Waivers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`waivers.toml`: what accepts a gate by its name, a security finding by its fingerprint, a contract finding.

    A contract finding is matched by `CODE OPERATION CHECK: MESSAGE`, as `contract/findings.json` has them.
    """

    gate: tuple[Waiver, ...] = ()
    finding: tuple[Waiver, ...] = ()
    contract: tuple[Waiver, ...] = ()


def read_waivers(file: Path | None) -> Waivers:
    """Read a waivers file; no file accepts nothing.

    Raises:
        TargetFileError: malformed, or a waiver that lacks a reason or an owner.

    """
    if file is None:
        return Waivers()
    waivers = read_toml(file, Waivers)
    for kind, entries in (("gate", waivers.gate), ("finding", waivers.finding), ("contract", waivers.contract)):
        for index, waiver in enumerate(entries):
            for key in ("match", "reason", "owner"):
                if not getattr(waiver, key).strip():
                    raise TargetFileError(file, f"{kind}[{index}].{key}", "is empty; a waiver says what, why and who")
    return waivers


def accepted_by(waivers: tuple[Waiver, ...], name: str, today: dt.date) -> Waiver | None:
    """Return the first waiver that accepts this name today."""
    return next((waiver for waiver in waivers if waiver.covers(name, today)), None)
