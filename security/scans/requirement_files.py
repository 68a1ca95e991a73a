"""What a requirements file pins, read on our own: a scanner's word for what it covered is no proof.

The format: https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from security.evidence import CheckIncomplete

_COMMENT = re.compile(r"(^|\s)#.*$")
_OPTION = re.compile(r"\s+--(hash|global-option|config-settings)[= ].*$")
_INCLUDE = re.compile(r"(?:-r|--requirement)[=\s]\s*(?P<file>.+)$")


class Entry(msgspec.Struct, frozen=True):
    """A requirement of a file: canonical name, the line (from 1) on which it begins, and what is known of it."""

    name: str
    line: int
    hashed: bool
    pinned: bool
    applies: bool
    text: str


def read_requirements(file: Path) -> list[Entry]:
    """Return the requirements of a file and of the files that it includes.

    Raises:
        CheckIncomplete: the file cannot be read, or has a line that is no requirement by name.

    """
    entries: list[Entry] = []
    for number, line in _logical_lines(file):
        if include := _INCLUDE.match(line):
            # An included requirement is shown at the line that includes it: lines are those of this file.
            included = read_requirements(file.parent / include["file"].strip())
            entries += [msgspec.structs.replace(entry, line=number) for entry in included]
        elif not line.startswith("--") and not line.startswith("-c"):
            entries.append(_entry(file, number, line))
    return entries


def _entry(file: Path, number: int, line: str) -> Entry:
    text = _OPTION.sub("", line).strip()
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        raise CheckIncomplete(f"{file.name}:{number}: {text!r} is not a requirement by name") from error
    pins = [part for part in requirement.specifier if part.operator in {"==", "==="} and "*" not in part.version]
    return Entry(
        name=canonicalize_name(requirement.name),
        line=number,
        hashed="--hash" in line,
        pinned=bool(pins),
        applies=requirement.marker is None or requirement.marker.evaluate(),
        text=text,
    )


def _logical_lines(file: Path) -> Iterator[tuple[int, str]]:
    """Yield (line number, text) with continuation lines joined, and without comments and blank lines."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CheckIncomplete(f"{file.name}: cannot be read: {error}") from error
    begun, text = 1, ""
    for number, line in enumerate(lines, start=1):
        begun = begun if text else number
        text += _COMMENT.sub("", line).rstrip()
        if text.endswith("\\"):
            text = text[:-1] + " "
            continue
        if text.strip():
            yield begun, text.strip()
        text = ""
    if text.strip():
        yield begun, text.strip()
