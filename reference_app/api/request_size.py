"""Bodies have a limit, also where nobody reads them and where the client does not say their size."""

from typing import TYPE_CHECKING

from flask import Flask, request
from werkzeug.exceptions import BadRequest, HTTPException, RequestEntityTooLarge

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_BODY_HEADERS = frozenset({"CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING"})


def limit_request_size(app: Flask, most_bytes: int) -> None:
    """Refuse requests whose body has more than `most_bytes`."""
    # Werkzeug cuts a body of unannounced size at its limit and says nothing: one byte more tells us.
    app.config["MAX_CONTENT_LENGTH"] = most_bytes + 1

    def check() -> None:
        if not has_body(request.environ):
            return
        announced = request.content_length or 0
        if announced > most_bytes or _read() > most_bytes:
            raise RequestEntityTooLarge(f"The body has more than {most_bytes} bytes.")

    app.before_request(check)


def has_body(environ: "WSGIEnvironment") -> bool:
    """Return whether the request may have a body: it says so (RFC 9112, section 6.3)."""
    return not environ.keys().isdisjoint(_BODY_HEADERS)


def _read() -> int:
    """Read the body, which views then have at hand, and return its size; `BadRequest` when it breaks off."""
    try:
        return len(request.get_data())
    except HTTPException:
        raise
    except Exception as error:  # each server has classes of its own for what is no chunk, or never comes
        raise BadRequest("The body could not be read to its end.") from error
