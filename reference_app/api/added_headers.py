"""Headers that are added below Flask: its `Headers` would check each name and value again, at every response."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse


def adding(added: Sequence[tuple[str, str]], start_response: "StartResponse") -> "StartResponse":
    """Return what does as `start_response`, with these headers after the others."""

    def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Callable[[bytes], object]:
        return start_response(status, [*headers, *added], *error)

    return start
