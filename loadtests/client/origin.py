"""Where requests go: scheme, host and port."""

import re
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from loadtests.client.errors import InvalidRequest

PORTS = {"http": 80, "https": 443}
_CONTROL = re.compile(r"[\x00-\x20\x7f]")


class Origin(NamedTuple):
    """Scheme, host (an IPv6 address without its brackets) and port."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def split_url(url: str) -> tuple[Origin, SplitResult]:
    """Return the origin of an absolute URL, and its parts.

    Raises:
        InvalidRequest: it is no absolute http or https URL.

    """
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("ascii" if (parts.hostname or "").isascii() else "idna").decode()
    except (ValueError, UnicodeError) as error:
        raise InvalidRequest(f"{url!r} is no URL: {error}") from error
    if parts.scheme not in PORTS or not host or _CONTROL.search(parts.netloc):
        raise InvalidRequest(f"{url!r} is no absolute http:// or https:// URL; give the user a `host`, or a full URL")
    return Origin(parts.scheme, host, port or PORTS[parts.scheme]), parts
