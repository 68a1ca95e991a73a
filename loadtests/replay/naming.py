"""A recorded path as a template. Pure but for `names_of`."""

import re
from collections.abc import Iterable

from harness.errors import ProvingGroundError
from harness.openapi_document import fetch_document
from harness.target import Target
from loadtests.measuring import Say
from loadtests.openapi_journeys.document import Document, Operation

_PARAMETER = re.compile(r"\\\{[^{}]*\\\}")
_ID = re.compile(r"\d+|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{16,}", re.IGNORECASE)


class Names:
    """Names paths: by the templates of a document; what it does not know, by guessing what is an id."""

    def __init__(self, templates: Iterable[str] = (), prefix: str = "") -> None:
        ordered = sorted(dict.fromkeys(templates), key=lambda one: one.count("{"))  # `/users/me` before `/users/{id}`
        self._known = [(re.compile(_PARAMETER.sub("[^/]+", re.escape(one))), one) for one in ordered]
        self._prefix = prefix

    def of(self, path: str) -> str:
        """Return the template of a path with its query."""
        plain = path.partition("?")[0]
        inside = plain.removeprefix(self._prefix) if plain.startswith(f"{self._prefix}/") else plain
        for pattern, template in self._known:
            if pattern.fullmatch(inside):
                return template
        return "/".join("{id}" if _ID.fullmatch(part) else part for part in plain.split("/"))


def names_of(target: Target, base_url: str, say: Say) -> Names:
    """Return names by the target's document; without one they are guessed, and that is said."""
    if target.settings.openapi is None:
        return Names()
    try:
        document = Document(fetch_document(target, base_url))
    except ProvingGroundError as error:
        say(f"what is an id in a path is guessed: {error}")
        return Names()
    return Names((one.template for one in document.operations() if isinstance(one, Operation)), document.prefix)
