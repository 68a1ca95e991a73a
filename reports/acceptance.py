"""Waivers on gates: what the target's team accepts for now does not decide, but is always shown."""

import datetime as dt
import fnmatch
from pathlib import Path

import msgspec

from harness.errors import RequestError
from harness.results import Gate, Status
from harness.target import Target
from harness.waivers import Waiver, accepted_by, read_waivers


class Waived(msgspec.Struct, frozen=True):
    """A target's name and waivers on gates, and notes for the reader on what stood in the way of reading them."""

    target: str = ""
    waivers: tuple[Waiver, ...] = ()
    notes: tuple[str, ...] = ()


def read_waived(target_file: Path) -> Waived:
    """Read the waivers on gates of a target; where that fails, none apply and a note says so."""
    try:
        target = Target.read(target_file)
    except RequestError as error:
        return Waived(notes=(f"no waivers apply: {error}",))
    place = target.settings.waivers
    try:
        return Waived(target.name, read_waivers(target.resolve(place) if place else None).gate)
    except RequestError as error:
        return Waived(target.name, notes=(f"no waivers apply: {error}",))


def accept(gates: tuple[Gate, ...], waivers: tuple[Waiver, ...], today: dt.date) -> tuple[Gate, ...]:
    """Mark the gates that a waiver accepts today; name the waiver where it has run out."""
    return tuple(_accepted(gate, waivers, today) for gate in gates)


def _accepted(gate: Gate, waivers: tuple[Waiver, ...], today: dt.date) -> Gate:
    if gate.status is Status.PASS or gate.accepted:
        return gate
    if waiver := accepted_by(waivers, gate.name, today):
        return msgspec.structs.replace(gate, accepted=str(waiver))
    if expired := next((waiver for waiver in waivers if fnmatch.fnmatchcase(gate.name, waiver.match)), None):
        return msgspec.structs.replace(gate, summary=f"{gate.summary}; a waiver has expired: {expired}")
    return gate
