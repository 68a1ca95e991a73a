"""Where values stand in the path of a request, by the path templates of the document. Pure.

Paths are as they were sent, below the path that the target's own address has; values are texts. A value that is no
UTF-8 goes through as it is.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote, urlsplit

_PLACE = re.compile(r"\{([^{}]+)\}")
_LEAD_ELSEWHERE = frozenset({"", ".", ".."})
"""Values with which a path has other steps: clients and proxies take them away."""


def names_in(path: str) -> list[str]:
    """Return the names of the parameters in a path of the document."""
    return _PLACE.findall(path)


class Template:
    """One path of the document, such as `/things/{id}`."""

    def __init__(self, path: str, prefix: str) -> None:
        self.path = path
        self._names = names_in(path)
        literals = [re.escape(text) for text in _PLACE.split(prefix + path)[::2]]
        self._pattern = re.compile("([^/]+)".join(literals))

    @property
    def openness(self) -> tuple[tuple[bool, int], ...]:
        """Of each of its steps whether it takes values, and how little else it has: the least open one is meant."""
        return tuple(("{" in step, -len(_PLACE.sub("", step))) for step in self.path.split("/"))

    def fits(self, path: str) -> bool:
        """Whether a path without its query is one of these."""
        return self._pattern.fullmatch(path) is not None

    def values(self, path: str) -> dict[str, str]:
        """Return the values of its parameters in a path that fits."""
        found = self._pattern.fullmatch(path)
        return {
            name: unquote(text, errors="surrogateescape")
            for name, text in zip(self._names, found.groups() if found else (), strict=bool(found))
        }

    def with_value(self, path: str, name: str, value: str) -> str:
        """Return a path that fits with another value of one parameter."""
        found = self._pattern.fullmatch(path)
        if found is None:
            return path
        start, end = found.span(1 + self._names.index(name))
        return path[:start] + quote(value, safe="", errors="surrogateescape") + path[end:]


class PathTemplates:
    """All paths of one document, at one address."""

    def __init__(self, document: Mapping[str, Any], base_url: str = "") -> None:
        paths, prefix = document.get("paths"), urlsplit(base_url).path.rstrip("/")
        found = [Template(str(path), prefix) for path in (paths if isinstance(paths, Mapping) else ())]
        self._templates = sorted(found, key=lambda template: template.openness)

    def of(self, path: str) -> Template | None:
        """Return the template that a path, with or without a query, is of."""
        place = path.partition("?")[0]
        return next((template for template in self._templates if template.fits(place)), None)

    def values(self, path: str) -> dict[str, str]:
        """Return the values of the parameters in a path."""
        template = self.of(path)
        return template.values(path.partition("?")[0]) if template else {}

    def with_value(self, path: str, name: str, value: str) -> str | None:
        """Return a path with another value of one parameter; None where it would not be of the same template."""
        place, mark, query = path.partition("?")
        template = self.of(path)
        if template is None or value in _LEAD_ELSEWHERE or "/" in value:
            return None
        changed = template.with_value(place, name, value)
        return changed + mark + query if self.of(changed) is template else None
