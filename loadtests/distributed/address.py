"""HOST:PORT, as `--bind` and `--join` take it."""

from typing import NamedTuple
from urllib.parse import urlsplit

from harness.errors import RequestError


class Address(NamedTuple):
    """Where a run waits for its workers."""

    host: str
    port: int

    @classmethod
    def read(cls, text: str, option: str) -> "Address":
        """Read HOST:PORT.

        Raises:
            RequestError: it is not of that form.

        """
        parts = urlsplit(f"//{text}")
        try:
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if host is None or port is None or parts.netloc != text or "@" in text:
            raise RequestError(f"{option} {text}: give HOST:PORT, as in 127.0.0.1:5557")
        return cls(host, port)
