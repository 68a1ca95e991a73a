"""Bodies have a limit, also where nobody reads them and where the client does not say their size."""

from flask import Flask, request
from werkzeug.exceptions import RequestEntityTooLarge


def limit_request_size(app: Flask, most_bytes: int) -> None:
    """Refuse requests whose body has more than `most_bytes`."""
    # Werkzeug cuts a body of unannounced size at its limit and says nothing: one byte more tells us.
    app.config["MAX_CONTENT_LENGTH"] = most_bytes + 1

    def check() -> None:
        size = request.content_length
        if (len(request.get_data()) if size is None else size) > most_bytes:
            raise RequestEntityTooLarge(f"The body has more than {most_bytes} bytes.")

    app.before_request(check)
