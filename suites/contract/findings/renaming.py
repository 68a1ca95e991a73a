"""What a target names anew: an id that it draws by itself is another one each time the same thing is made. Pure."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import msgspec

from harness.contract_findings import Step
from suites.contract.findings.exchange import FILTERED, Answer

SHORTEST = 6
"""Characters of a text that is taken for a name; shorter ones, such as counts, may be anything's."""
_DEEPEST = 30


class Names:
    """What things are called now, by what they were called in a recording."""

    def __init__(self) -> None:
        self._now: dict[str, str] = {}

    def learn(self, before: Answer | None, now: Answer | None) -> None:
        """Take each text that stands in one answer where the other one has another."""
        if before is not None and now is not None:
            self._now |= {old: new for old, new in _differences(before, now) if len(old) >= SHORTEST <= len(new)}

    def told(self, step: Step) -> Step:
        """Return a request that names things as they are called now."""
        if not self._now:
            return step
        headers = {
            name: value if FILTERED in value else _renamed(value, self._now) for name, value in step.headers.items()
        }
        in_paths = {quote(old, safe=""): quote(new, safe="") for old, new in self._now.items()}
        body = None if step.body is None else _renamed(step.body, self._now)
        return msgspec.structs.replace(step, path=_renamed(step.path, in_paths), headers=headers, body=body)


def _renamed(text: str, names: dict[str, str]) -> str:
    longest_first = sorted(names, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, longest_first)), lambda found: names[found[0]], text)


def _differences(before: Answer, now: Answer) -> Iterator[tuple[str, str]]:
    yield from _different(_read(before), _read(now), 0)
    yield from _different(before.headers.get("etag"), now.headers.get("etag"), 0)
    yield from _different(_steps_of(before), _steps_of(now), 0)


def _steps_of(answer: Answer) -> list[str]:
    """Return the steps of the path to which an answer leads."""
    return [unquote(step) for step in urlsplit(answer.headers.get("location", "")).path.split("/")]


def _read(answer: Answer) -> Any:
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        return None


def _different(before: Any, now: Any, depth: int) -> Iterator[tuple[str, str]]:
    """Yield the texts and whole numbers that differ at the same place."""
    if type(before) is not type(now) or depth > _DEEPEST:
        return
    if isinstance(before, dict):
        for name in sorted(before.keys() & now.keys()):
            yield from _different(before[name], now[name], depth + 1)
    elif isinstance(before, list):
        for one, other in zip(before, now, strict=False):
            yield from _different(one, other, depth + 1)
    elif isinstance(before, str | int) and before != now:
        yield str(before), str(now)
