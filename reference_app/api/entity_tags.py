"""Entity tags (RFC 9110, sections 8.8.3 and 13.1): the version of an object as clients see and send it."""

import re
from typing import Annotated

from pydantic import StringConstraints

_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
PATTERN = rf"^(?:\*|(?:,[ \t]*)*{_TAG}(?:[ \t]*,(?:[ \t]*{_TAG})?)*)$"
"""Any object, or a list of tags; a list may have empty places."""

EntityTags = Annotated[str, StringConstraints(strict=True, pattern=PATTERN)]

_WELL_FORMED = re.compile(PATTERN)
_STRONG_VERSION = re.compile(r'"([1-9][0-9]{0,9})"')


def entity_tag(version: int) -> str:
    """Return the tag of a version."""
    return f'"{version}"'


def versions_in(tags: str) -> frozenset[int] | None:
    """Return the versions that an If-Match names, None for any; weak tags never match there."""
    if tags == "*":
        return None
    strong = (_STRONG_VERSION.fullmatch(tag) for tag in re.findall(_TAG, tags))
    return frozenset(int(found[1]) for found in strong if found)


def is_well_formed(tags: str) -> bool:
    """Return whether a header has the form that an `EntityTags` must have."""
    return _WELL_FORMED.fullmatch(tags) is not None


def names_version(tags: str | None, version: int) -> bool:
    """Return whether an If-None-Match names this version, weakly or strongly; None names nothing."""
    if tags is None:
        return False
    named = {tag.removeprefix("W/") for tag in re.findall(_TAG, tags)}
    return tags == "*" or entity_tag(version) in named
