"""Text that came from tests, tools and targets, made fit for one line of a report."""

import math
import unicodedata

LINE_LIMIT = 300
_INVISIBLE = {"Cc", "Cf", "Cs", "Co"}


def one_line(text: str, limit: int = LINE_LIMIT) -> str:
    """Return text as one line without control characters, cut with an ellipsis after `limit` characters.

    Terminal escapes and bidirectional overrides lose their power: what is left of them is plain characters.
    """
    visible = (" " if unicodedata.category(character) in _INVISIBLE else character for character in text)
    line = " ".join("".join(visible).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def plural(count: int, noun: str, nouns: str | None = None) -> str:
    """Return `1 test`, `2,000 tests`."""
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


def percent_of(percent: float) -> str:
    """Return a percentage to the tenth below, so that only all of it is 100%."""
    return f"{math.floor(percent * 10) / 10:g}%"


def some(items: list[str], limit: int = 3) -> str:
    """Return the first few items as a list in a sentence, and how many more there are."""
    more = f" and {len(items) - limit} more" if len(items) > limit else ""
    return "; ".join(items[:limit]) + more
