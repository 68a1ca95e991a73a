"""Headers that are added below Flask: its `Headers` would check each name and value again, at every response."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

Headers = list[tuple[str, str]]
Write = Callable[[bytes], object]
"""What `start_response` returns. Spelled out here: a function in a function has its annotations made at each call."""

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse


def adding(added: Sequence[tuple[str, str]], start_response: "StartResponse") -> "StartResponse":
    """Return what does as `start_response`, with these headers after the others."""

    def start(status: str, headers: Headers, *error: Any) -> Write:
        return start_response(status, [*headers, *added], *error)

    return start
